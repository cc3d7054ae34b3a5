#include <pinhook/http/curl_client.hpp>

#include <pinhook/base/clock.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/base/thread_crossing.hpp>
#include <pinhook/http/loaded_tls.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <expected>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace pinhook::http {
namespace {

// Files that could not be looked at in time are not looked at again for so long.
constexpr std::chrono::seconds after_a_hang{5};

// A smaller step back of the calendar lets an address live no longer than that.
constexpr std::chrono::seconds step_that_counts{5};

// The same at all times, but where the calendar is set or the machine sleeps.
std::chrono::nanoseconds calendar_less_steady() {
  const wall_time on_calendar = machine_clock().wall();
  return on_calendar.time_since_epoch() - machine_clock().now().time_since_epoch();
}

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
};

struct lane {
  lane(asio::io_context& io, const curl_multi_options& o, lane_key k) : multi(io, o), key(std::move(k)) {}
  std::optional<loaded_tls> tls;
  std::optional<loaded_tls> proxy_tls;
  curl_multi multi;
  lane_key key;
  steady_time used;
  /// When the files are to be looked at again, and whether somebody does.
  steady_time check_at;
  bool is_checked = false;
};

// A lane whose files are being read, and the transfers that wait for it.
struct lane_to_come {
  lane_key key;
  std::vector<std::function<void()>> waiting;
};

// The files of a lane as another thread read them.
struct lane_files {
  std::vector<file_stamp> stamps;
  result<loaded_tls> tls = fail(error_code::internal, "not read");
  result<loaded_tls> proxy_tls = fail(error_code::internal, "not read");
};

std::string first_file(const lane_key& key) {
  const tls_settings& s = settings_of(key.tls);
  for (const pem& one : s.authorities)
    if (!one.file.empty()) return one.file;
  return !s.certificate.file.empty() ? s.certificate.file : s.key.file;
}

// For `known` stamps the content is not read again.
std::function<void()> reading(const std::shared_ptr<lane_files>& into, const lane_key& key,
                              std::optional<std::vector<file_stamp>> known) {
  return [into, tls = key.tls, is_https = key.is_https, has_proxy = key.is_by_https_proxy, known = std::move(known)] {
    // Before the content, so that a change in between is found by the next look.
    if (is_https) into->stamps = stamps_of(settings_of(tls));
    if (known == into->stamps) return;
    if (is_https) into->tls = load_tls(settings_of(tls));
    if (has_proxy) into->proxy_tls = load_tls(settings_of(nullptr));
  };
}

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

  static lane_key key_of(const request& r, const endpoint& to, const std::optional<proxy_place>& proxy) {
    lane_key key;
    key.reach = r.reach;
    key.is_https = to.is_https;
    key.is_by_https_proxy = proxy && proxy->is_https;
    if (to.is_https) key.tls = r.tls;
    return key;
  }

  std::shared_ptr<lane> known_lane(const lane_key& key) const {
    const auto found = std::find_if(lanes.begin(), lanes.end(), [&](const auto& one) { return one->key.is_like(key); });
    return found == lanes.end() ? nullptr : *found;
  }

  result<std::shared_ptr<lane>> add_lane(lane_key key, lane_files files) {
    const steady_time now = std::chrono::steady_clock::now();
    curl_multi_options most = options.connections;
    if (!key.is_https && options.plain_connections_per_host != 0)
      most.connections_per_host = options.plain_connections_per_host;
    key.stamps = std::move(files.stamps);
    auto fresh = std::make_shared<lane>(io, most, std::move(key));
    fresh->used = now;
    fresh->check_at = now + options.recheck;
    if (fresh->key.is_https) {
      if (!files.tls) return fail(std::move(files.tls.error()));
      fresh->tls = std::move(*files.tls);
    }
    if (fresh->key.is_by_https_proxy) {
      if (!files.proxy_tls) return fail(std::move(files.proxy_tls.error()));
      fresh->proxy_tls = std::move(*files.proxy_tls);
    }
    make_room(fresh->key, now);
    lanes.push_back(fresh);
    return fresh;
  }

  // libcurl counts the age of a name's addresses by the calendar (7.88: hostcache_timestamp_remove): where that is set
  // back by an hour, they are used for an hour more. They are held by the lanes, which are made anew.
  void heed_calendar() {
    const auto now = calendar_less_steady();
    if (now < calendar - step_that_counts) {
      for (const auto& one : lanes) opened_before += one->multi.opened_sockets();
      lanes.clear();
    }
    calendar = now;
  }

  // Nothing is read on this thread: a volume that hangs delays only transfers that need its files for the first time.
  static awaitable<result<std::shared_ptr<lane>>> find_lane(std::shared_ptr<state> self, lane_key key, deadline d) {
    asio::any_io_executor home = self->io.get_executor();
    for (;;) {
      if (self->is_closed) co_return fail(error_code::canceled, "the HTTP client is closed");
      const steady_time now = std::chrono::steady_clock::now();
      const auto known = self->known_lane(key);
      if (known) known->used = now;
      if (known && (first_file(key).empty() || known->is_checked || now < known->check_at)) co_return known;
      if (known) {
        auto checked = co_await check(self, known, d);
        co_return checked;
      }
      if (!key.is_https && !key.is_by_https_proxy) co_return self->add_lane(std::move(key), {});
      const auto coming = std::find_if(self->to_come.begin(), self->to_come.end(),
                                       [&](const auto& one) { return one.key.is_like(key); });
      if (coming == self->to_come.end()) {
        auto loaded = co_await load(self, std::move(key), d);
        co_return loaded;
      }
      thread_crossing crossing(home);
      coming->waiting.push_back(crossing.arrival());
      const auto end = co_await crossing.wait_for(d.remaining(now));
      if (end == crossing_end::canceled) co_return fail(error_code::canceled, "the request was canceled");
      if (end == crossing_end::late) co_return std::unexpected(read_hangs(name_of(key), d.remaining(now)));
    }
  }

  static std::string name_of(const lane_key& key) {
    std::string file = first_file(key);
    return file.empty() ? "the system's certificates" : file;
  }

  static awaitable<result<std::shared_ptr<lane>>> load(std::shared_ptr<state> self, lane_key key, deadline d) {
    const auto coming = self->to_come.insert(self->to_come.end(), lane_to_come{key, {}});
    // Whatever comes of it, the others look again.
    const std::shared_ptr<void> done(nullptr, [self, coming](void*) {
      const auto waiting = std::move(coming->waiting);
      self->to_come.erase(coming);
      for (const auto& wake : waiting) wake();
    });
    const auto files = std::make_shared<lane_files>();
    auto read = co_await read_aside(name_of(key), reading(files, key, std::nullopt),
                                    d.remaining(std::chrono::steady_clock::now()));
    if (!read) co_return fail(std::move(read.error()));
    if (self->is_closed) co_return fail(error_code::canceled, "the HTTP client is closed");
    co_return self->add_lane(std::move(key), std::move(*files));
  }

  // The lane itself where its files are the same or cannot be looked at in time.
  static awaitable<result<std::shared_ptr<lane>>> check(std::shared_ptr<state> self, std::shared_ptr<lane> known,
                                                        deadline d) {
    const curl_client_options& o = self->options;
    known->is_checked = true;
    const std::shared_ptr<void> done(nullptr, [known](void*) { known->is_checked = false; });
    const auto files = std::make_shared<lane_files>();
    const auto left = d.remaining(std::chrono::steady_clock::now());
    auto read = co_await read_aside(name_of(known->key), reading(files, known->key, known->key.stamps),
                                    std::min<std::chrono::nanoseconds>(left, o.patience));
    if (!read && read.error().code == error_code::canceled) co_return fail(std::move(read.error()));
    const steady_time now = std::chrono::steady_clock::now();
    known->check_at = now + (read ? o.recheck : std::max<std::chrono::nanoseconds>(o.recheck, after_a_hang));
    if (self->is_closed) co_return fail(error_code::canceled, "the HTTP client is closed");
    if (!read || files->stamps == known->key.stamps) co_return known;
    co_return self->add_lane(known->key, std::move(*files));
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

  static awaitable<result<std::unique_ptr<running>>> start(std::shared_ptr<state> self, request r, deadline d) {
    if (self->is_closed) co_return fail(error_code::canceled, "the HTTP client is closed");
    auto to = parse_endpoint(r.url);
    if (!to) co_return fail(std::move(to.error()));
    if (d.has_passed(std::chrono::steady_clock::now()))
      co_return fail(error_code::timed_out,
                     fmt::format("{}: out of time before the request was sent", to->to_string()));
    const curl_client_options& options = self->options;
    transfer_rules rules;
    if (const std::string setting = proxy_for(*to, options.proxy); !setting.empty()) {
      auto proxy = parse_proxy(setting);
      if (!proxy) co_return fail(std::move(proxy).error().at(to->to_string()));
      rules.proxy = std::move(*proxy);
    }
    self->heed_calendar();
    lane_key key = key_of(r, *to, rules.proxy);
    auto in = co_await find_lane(self, std::move(key), d);
    if (!in) co_return fail(std::move(in.error()));
    if ((*in)->tls) rules.tls = &*(*in)->tls;
    if ((*in)->proxy_tls) rules.proxy_tls = &*(*in)->proxy_tls;
    if (options.guards_addresses) rules.guard = &options.networks;
    auto out = std::make_unique<running>(self, std::move(*in), std::move(rules), std::move(r), std::move(*to), d);
    if (auto started = out->transfer.start(options.transfer, std::chrono::steady_clock::now()); !started)
      co_return fail(std::move(started.error()));
    co_return out;
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
  std::list<lane_to_come> to_come;
  std::set<running*> under_way;
  std::uint64_t opened_before = 0;
  std::chrono::nanoseconds calendar = calendar_less_steady();
  bool is_closed = false;
};

curl_client::curl_client(asio::io_context& io, curl_client_options o)
    : state_(std::make_shared<state>(io, std::move(o))) {}

curl_client::~curl_client() { state_->close(); }

awaitable<result<response>> curl_client::send(request r, deadline d) {
  const std::shared_ptr<state> s = state_;  // outlives `this` during the wait
  auto started = co_await state::start(s, std::move(r), d);
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
