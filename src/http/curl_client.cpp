#include <pinhook/http/curl_client.hpp>

#include <pinhook/http/loaded_tls.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace pinhook::http {
namespace {

const tls_settings& settings_of(const std::shared_ptr<const tls_settings>& tls) {
  static const tls_settings defaults;
  return tls != nullptr ? *tls : defaults;
}

// Requests share connections when they agree on all of this.
struct lane_key {
  http::reach reach;
  bool is_https = false;
  bool is_by_https_proxy = false;
  std::shared_ptr<const tls_settings> tls;  // null for http, and for the defaults
  std::vector<file_stamp> stamps;

  [[nodiscard]] bool is_like(const lane_key& o) const {
    return reach == o.reach && is_https == o.is_https && is_by_https_proxy == o.is_by_https_proxy &&
           (tls == o.tls || settings_of(tls) == settings_of(o.tls));
  }
  // True for the same settings with other versions of the files.
  [[nodiscard]] bool replaces(const lane_key& o) const { return is_like(o) && stamps != o.stamps; }
  friend bool operator==(const lane_key& a, const lane_key& b) { return a.is_like(b) && a.stamps == b.stamps; }
};

struct lane {
  lane(asio::io_context& io, const curl_multi_options& o, lane_key k) : multi(io, o), key(std::move(k)) {}
  std::optional<loaded_tls> tls;
  std::optional<loaded_tls> proxy_tls;
  curl_multi multi;
  lane_key key;
  steady_time used;
};

}  // namespace

struct curl_client::state {
  // A transfer with the lane it runs in, which it keeps alive, and its place in the list of those under way.
  struct running {
    running(std::shared_ptr<state> s, std::shared_ptr<lane> l, transfer_rules rules, request r, endpoint to, deadline d)
        : owner(std::move(s)), in(std::move(l)), transfer(in->multi, std::move(rules), std::move(r), std::move(to), d) {
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

  result<std::shared_ptr<lane>> find_lane(const request& r, const endpoint& to, const std::optional<proxy_place>& proxy,
                                          steady_time now) {
    lane_key key;
    key.reach = r.reach;
    key.is_https = to.is_https;
    key.is_by_https_proxy = proxy && proxy->is_https;
    if (to.is_https && r.tls != nullptr) {
      key.tls = r.tls;
      key.stamps = stamps_of(*r.tls);
    } else if (to.is_https) {
      key.stamps = stamps_of(settings_of(nullptr));
    }
    const auto found = std::find_if(lanes.begin(), lanes.end(), [&](const auto& one) { return one->key == key; });
    if (found != lanes.end()) {
      (*found)->used = now;
      return *found;
    }
    curl_multi_options most = options.connections;
    if (!to.is_https && options.plain_connections_per_host != 0)
      most.connections_per_host = options.plain_connections_per_host;
    auto fresh = std::make_shared<lane>(io, most, std::move(key));
    fresh->used = now;
    if (to.is_https) {
      auto loaded = load_tls(settings_of(r.tls));
      if (!loaded) return fail(std::move(loaded.error()));
      fresh->tls = std::move(*loaded);
    }
    if (proxy && proxy->is_https) {
      auto loaded = load_tls(settings_of(nullptr));
      if (!loaded) return fail(std::move(loaded.error()));
      fresh->proxy_tls = std::move(*loaded);
    }
    make_room(fresh->key, now);
    lanes.push_back(fresh);
    return fresh;
  }

  // A dropped lane ends with its last transfer. Lanes of files that have been replaced since are dropped at once.
  void make_room(const lane_key& key, steady_time now) {
    const auto drop = [&](auto one) {
      opened_before += (*one)->multi.opened_sockets();
      return lanes.erase(one);
    };
    for (auto one = lanes.begin(); one != lanes.end();)
      one = now - (*one)->used > options.transfer.idle_age || key.replaces((*one)->key) ? drop(one) : std::next(one);
    while (!lanes.empty() && lanes.size() >= options.most_lanes)
      drop(
          std::min_element(lanes.begin(), lanes.end(), [](const auto& a, const auto& b) { return a->used < b->used; }));
  }

  result<std::unique_ptr<running>> start(const std::shared_ptr<state>& self, request r, deadline d) {
    if (is_closed) return fail(error_code::canceled, "the HTTP client is closed");
    auto to = parse_endpoint(r.url);
    if (!to) return fail(std::move(to.error()));
    const steady_time now = std::chrono::steady_clock::now();
    if (d.has_passed(now))
      return fail(error_code::timed_out, fmt::format("{}: out of time before the request was sent", to->to_string()));
    transfer_rules rules;
    if (const std::string setting = proxy_for(*to, options.proxy); !setting.empty()) {
      auto proxy = parse_proxy(setting);
      if (!proxy) return fail(std::move(proxy).error().at(to->to_string()));
      rules.proxy = std::move(*proxy);
    }
    auto in = find_lane(r, *to, rules.proxy, now);
    if (!in) return fail(std::move(in.error()));
    if ((*in)->tls) rules.tls = &*(*in)->tls;
    if ((*in)->proxy_tls) rules.proxy_tls = &*(*in)->proxy_tls;
    if (options.guards_addresses) rules.guard = &options.networks;
    auto out = std::make_unique<running>(self, std::move(*in), std::move(rules), std::move(r), std::move(*to), d);
    if (auto started = out->transfer.start(options.transfer, now); !started) return fail(std::move(started.error()));
    return out;
  }

  void close() {
    is_closed = true;
    for (running* one : under_way) {
      one->transfer.abort(error_code::canceled);
      one->in.reset();  // a finished transfer no longer uses it
    }
    lanes.clear();
  }

  asio::io_context& io;
  curl_client_options options;
  std::vector<std::shared_ptr<lane>> lanes;
  std::set<running*> under_way;
  std::uint64_t opened_before = 0;
  bool is_closed = false;
};

curl_client::curl_client(asio::io_context& io, curl_client_options o)
    : state_(std::make_shared<state>(io, std::move(o))) {}

curl_client::~curl_client() { state_->close(); }

awaitable<result<response>> curl_client::send(request r, deadline d) {
  const std::shared_ptr<state> s = state_;  // outlives `this` during the wait
  auto started = s->start(s, std::move(r), d);
  if (!started) co_return fail(std::move(started.error()));
  curl_transfer& transfer = (*started)->transfer;
  const auto token = asio::as_tuple(asio::use_awaitable);
  const std::tuple<boost::system::error_code> woken = co_await transfer.wake().async_wait(token);
  // The timer ran out at the deadline; it was cancelled because the transfer is done, or because the waiter was
  // cancelled.
  if (!transfer.is_done()) transfer.abort(std::get<0>(woken) ? error_code::canceled : error_code::timed_out);
  co_return transfer.take();
}

std::size_t curl_client::transfers() const { return state_->under_way.size(); }

std::size_t curl_client::lanes() const { return state_->lanes.size(); }

std::uint64_t curl_client::opened_connections() const {
  std::uint64_t out = state_->opened_before;
  for (const auto& one : state_->lanes) out += one->multi.opened_sockets();
  return out;
}

}  // namespace pinhook::http
