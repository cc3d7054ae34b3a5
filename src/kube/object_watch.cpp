#include <pinhook/kube/object_watch.hpp>

#include <pinhook/base/deadline.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/kube/watch_events.hpp>

#include <boost/asio/this_coro.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace pinhook::kube {
namespace {

// How far beyond the asked length a watch may take to end.
constexpr std::chrono::seconds grace{30};
constexpr std::chrono::seconds probe_length{1};

class list_keeper {
 public:
  list_keeper(api_connection& to, listed_resource which, watch_sink sink, watch_options options, const clock& time,
              wait_seams seams)
      : to_(to),
        which_(std::move(which)),
        sink_(std::move(sink)),
        options_(options),
        time_(time),
        seams_(std::move(seams)) {}

  awaitable<void> run() {
    for (;;) {
      const steady_time begun = time_.now();
      auto done = result<void>();
      if (version_.empty())
        done = co_await list();
      else
        done = co_await watch();
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) co_return;
      if (done) {
        settle();
        // A server that ends each watch at once is not asked in a circle.
        if (version_.empty() || time_.now() - begun >= options_.first_wait || was_list_) continue;
        co_await seams_.sleep(options_.first_wait);
        continue;
      }
      const bool is_denied = done.error().code == error_code::denied;
      report(std::move(done.error()));
      co_await seams_.sleep(is_denied ? std::chrono::nanoseconds(options_.denied_wait) : next_wait());
    }
  }

 private:
  awaitable<result<void>> list() {
    was_list_ = true;
    std::string listed;
    object_sink objects;
    objects.take = [this](std::string_view object) -> result<void> {
      sink_.take(object);
      return {};
    };
    objects.restart = sink_.begin;
    objects.on_version = [&listed](std::string_view version) { listed = version; };
    sink_.begin();
    auto done = co_await list_objects(to_, which_, std::move(objects), options_.lists,
                                      deadline::after(time_.now(), options_.list_limit));
    if (!done) co_return done;
    if (listed.empty())
      co_return refuse({error_code::malformed, "the list has no resourceVersion", std::nullopt}, about("list"));
    sink_.finish();
    version_ = std::move(listed);
    co_return done;
  }

  awaitable<result<void>> watch() {
    was_list_ = false;
    const steady_time begun = time_.now();
    const std::chrono::seconds asked = next_length();
    api_call call{.attributes = about("watch")};
    call.query = fmt::format("watch=true&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
                             percent_encoded(version_), asked.count());
    if (!which_.labels.empty()) call.query += "&labelSelector=" + percent_encoded(which_.labels);
    call.takes_gone = true;
    call.stall_time = options_.silence;
    watch_reader reader;
    std::optional<error> broken;
    const watch_reader::event_sink on_event = [this](const watch_event& one) { return take(one); };
    call.on_body = [&](std::string_view piece) {
      auto ok = reader.take(piece, on_event);
      if (!ok) broken = std::move(ok.error());
      return !broken;
    };
    auto answer = co_await to_.ask(std::move(call), deadline::after(time_.now(), asked + grace));
    if (broken && version_.empty()) co_return result<void>();  // expired
    if (broken) co_return refuse(std::move(*broken), about("watch"));
    // A quiet watch that was given up for its silence has failed at nothing.
    if (!answer && time_.now() - begun >= options_.silence) co_return result<void>();
    if (!answer) co_return fail(std::move(answer.error()));
    if (answer->is_gone()) version_.clear();
    co_return result<void>();
  }

  // A healthy watch may be silent, so after a failure a short one, which ends, shows that the API server is back.
  std::chrono::seconds next_length() {
    if (is_troubled_) return probe_length;
    const auto more = static_cast<double>(options_.length.count()) * seams_.random();
    return options_.length + std::chrono::seconds(static_cast<std::int64_t>(more));
  }

  result<void> take(const watch_event& one) {
    settle();
    switch (one.kind) {
      case watch_event_kind::put:
        sink_.take(one.object);
        break;
      case watch_event_kind::removed:
        sink_.remove(one.object);
        break;
      case watch_event_kind::bookmark:
        break;
      case watch_event_kind::expired:
        version_.clear();
        return fail(error_code::not_found, "the version is forgotten");
      case watch_event_kind::failed:
        return fail(error_code::unavailable, fmt::format("the API server ended it: {}", quoted(one.message)));
    }
    if (!one.version.empty()) version_ = one.version;
    return {};
  }

  [[nodiscard]] request_attributes about(std::string verb) const {
    request_attributes out{.verb = std::move(verb), .resource = which_.resource, .ns = which_.ns, .name = {}};
    out.group = which_.group;
    out.version = which_.version;
    out.is_cluster_wide = which_.ns.empty();
    return out;
  }

  std::chrono::nanoseconds next_wait() {
    auto wait = std::chrono::nanoseconds(options_.first_wait);
    for (int i = 1; i < failures_ && wait < options_.longest_wait; ++i) wait *= 2;
    wait = std::min<std::chrono::nanoseconds>(wait, options_.longest_wait);
    // Half of it at least, so that the clients of an API server that comes back do not come together.
    return wait / 2 +
           std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(wait.count() / 2) * seams_.random()));
  }

  void report(error e) {
    ++failures_;
    is_troubled_ = true;
    sink_.on_trouble(std::move(e));
  }

  void settle() {
    failures_ = 0;
    if (std::exchange(is_troubled_, false)) sink_.on_trouble(std::nullopt);
  }

  api_connection& to_;
  const listed_resource which_;
  const watch_sink sink_;
  const watch_options options_;
  const clock& time_;
  const wait_seams seams_;
  /// Where the watch goes on; empty: the list has to be read.
  std::string version_;
  bool was_list_ = false;
  bool is_troubled_ = false;
  int failures_ = 0;
};

}  // namespace

awaitable<void> keep_watch(api_connection& to, listed_resource which, watch_sink sink, watch_options options,
                           const clock& time, wait_seams seams) {
  list_keeper one(to, std::move(which), std::move(sink), options, time, std::move(seams));
  co_await one.run();
}

}  // namespace pinhook::kube
