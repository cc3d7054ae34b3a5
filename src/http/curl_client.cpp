#include <pinhook/http/curl_client.hpp>
#include <pinhook/http/trust.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace pinhook::http {
namespace {

// What requests must have in common to share connections.
struct lane_key {
  bool loopback = false;
  bool private_networks = false;
  bool is_https = false;
  std::string ca_file;
  friend auto operator<=>(const lane_key&, const lane_key&) = default;
};

// Tells whether a file was replaced: a CA bundle that rotates is read again.
struct file_stamp {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  friend bool operator==(const file_stamp&, const file_stamp&) = default;
};

file_stamp stamp_of(const std::string& path) {
  struct ::stat s{};
  if (path.empty() || ::stat(path.c_str(), &s) != 0) return {};
  return {s.st_mtim.tv_sec, s.st_mtim.tv_nsec, s.st_ino, s.st_size};
}

struct lane {
  lane(asio::io_context& io, const curl_multi_options& o) : multi(io, o) {}
  std::shared_ptr<x509_store_st> trust;
  file_stamp stamp;
  curl_multi multi;
};

}  // namespace

struct curl_client::state {
  // A transfer with the lane it runs in, which it keeps alive, and its place in the list of those under way.
  struct running {
    running(std::shared_ptr<state> s, std::shared_ptr<lane> l, request r, endpoint to, deadline d)
        : owner(std::move(s)), in(std::move(l)), transfer(in->multi, in->trust.get(), std::move(r), std::move(to), d) {
      owner->under_way.insert(this);
    }
    ~running() { owner->under_way.erase(this); }
    running(const running&) = delete;
    running& operator=(const running&) = delete;

    std::shared_ptr<state> owner;
    std::shared_ptr<lane> in;
    curl_transfer transfer;
  };

  state(asio::io_context& context, curl_client_options o) : io(context), options(std::move(o)) {}

  result<std::shared_ptr<lane>> find_lane(const request& r, const endpoint& to) {
    const bool names_authority = to.is_https && r.tls != nullptr && !r.tls->authorities.empty();
    const std::string ca_file = names_authority ? r.tls->authorities.front().file : std::string();
    lane_key key{r.reach.loopback, r.reach.private_networks, to.is_https, ca_file};
    const file_stamp stamp = stamp_of(ca_file);
    const auto found = lanes.find(key);
    if (found != lanes.end() && found->second->stamp == stamp) return found->second;
    auto fresh = std::make_shared<lane>(io, options.connections);
    if (to.is_https) {
      auto trust = make_trust_store(ca_file);
      if (!trust) return fail(std::move(trust.error()));
      fresh->trust = std::move(*trust);
      fresh->stamp = stamp;
    }
    // An older lane of this key ends with the last transfer in it.
    if (found != lanes.end()) opened_before += found->second->multi.opened_sockets();
    lanes.insert_or_assign(std::move(key), fresh);
    return fresh;
  }

  result<std::unique_ptr<running>> start(const std::shared_ptr<state>& self, request r, deadline d) {
    if (is_closed) return fail(error_code::canceled, "the HTTP client is closed");
    auto to = parse_endpoint(r.url);
    if (!to) return fail(std::move(to.error()));
    const steady_time now = std::chrono::steady_clock::now();
    if (d.has_passed(now))
      return fail(error_code::timed_out, fmt::format("{}: out of time before it was asked", to->to_string()));
    auto in = find_lane(r, *to);
    if (!in) return fail(std::move(in.error()));
    transfer_options o = options.transfer;
    o.proxy = proxy_for(*to, options.proxy);
    auto out = std::make_unique<running>(self, std::move(*in), std::move(r), std::move(*to), d);
    if (auto started = out->transfer.start(o, now); !started) return fail(std::move(started.error()));
    return out;
  }

  void close() {
    is_closed = true;
    for (running* one : under_way) {
      one->transfer.abort(error_code::canceled);
      one->in.reset();  // a transfer that is done does not touch it any more
    }
    lanes.clear();
  }

  asio::io_context& io;
  curl_client_options options;
  std::map<lane_key, std::shared_ptr<lane>> lanes;
  std::set<running*> under_way;
  std::uint64_t opened_before = 0;
  bool is_closed = false;
};

curl_client::curl_client(asio::io_context& io, curl_client_options o)
    : state_(std::make_shared<state>(io, std::move(o))) {}

curl_client::~curl_client() { state_->close(); }

awaitable<result<response>> curl_client::send(request r, deadline d) {
  const std::shared_ptr<state> s = state_;  // outlives `this` while we wait
  auto started = s->start(s, std::move(r), d);
  if (!started) co_return fail(std::move(started.error()));
  curl_transfer& transfer = (*started)->transfer;
  const auto token = asio::as_tuple(asio::use_awaitable);
  const std::tuple<boost::system::error_code> woken = co_await transfer.wake().async_wait(token);
  // The timer ran out at the deadline; it was cancelled because the transfer is done, or because nobody waits any more.
  if (!transfer.is_done()) transfer.abort(std::get<0>(woken) ? error_code::canceled : error_code::timed_out);
  co_return transfer.take();
}

std::size_t curl_client::transfers() const { return state_->under_way.size(); }

std::uint64_t curl_client::opened_connections() const {
  std::uint64_t out = state_->opened_before;
  for (const auto& [key, one] : state_->lanes) out += one->multi.opened_sockets();
  return out;
}

}  // namespace pinhook::http
