// One look-up, many waiters: the look-ups under way, found by their key.
//
// A flight runs under its own time limit and outlives those who wait for it. When it ends it leaves the table first,
// and then its waiters are told; so whoever comes later starts a new one. Flights are children of this table: `stop`
// cancels them, and `under_way() == 0` says that all are gone. Look-up thread only.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/resolve/resolver.hpp>
#include <pinhook/resolve/timer_queue.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pinhook::resolve {

struct batch;

/// Somebody who waits: one ask of a batch.
struct flight_waiter {
  std::shared_ptr<batch> of;
  std::size_t ask = 0;
};

struct flight {
  enum class stage : std::uint8_t { credentials, line, registry };

  flight(query asked, std::string whose) : what(std::move(asked)), identity(std::move(whose)) {}

  query what;
  std::string identity;
  /// Started before an entry's expiry, not for somebody who waits.
  bool is_ahead = false;
  steady_time started_at{};
  deadline limit = deadline::never();

  stage at = stage::credentials;
  /// Who is asked: "mirror m.corp:5000"; empty: the registry.
  std::string asking;
  /// When the request was sent; what it answers is known from there on.
  std::optional<steady_time> asked_at;
  /// The credentials turned out to be of another identity than the flight was started for: nothing was asked.
  bool has_moved = false;
  bool is_over_limit = false;
  /// What the waiters get; nothing before the end.
  result<registry::digest> outcome = fail(error_code::internal, "the look-up has no outcome");

  std::list<flight_waiter> waiters;
  boost::asio::cancellation_signal cancel;
  timer_queue::id limit_timer{};
};

/// When the one who waits gives up.
[[nodiscard]] deadline limit_of(const flight_waiter& w);

struct flight_options {
  /// How long a look-up may take, with every credential; longer than any deadline of those who wait, so that a slow
  /// registry's answer is there for the next request.
  std::chrono::nanoseconds limit = std::chrono::seconds(30);
  /// Look-ups under way, each a few coroutines and perhaps a connection; names come from whoever may create Pods.
  std::size_t most = 4096;
};

class single_flight {
 public:
  single_flight(boost::asio::any_io_executor on, const clock& time, timer_queue& timers, flight_options options)
      : on_(std::move(on)), time_(time), timers_(timers), options_(options) {}

  /// The newest look-up of that key under way, or null. With `is_unasked` only one that has not sent its request: what
  /// it will answer is newer than this moment.
  [[nodiscard]] std::shared_ptr<flight> find(std::string_view canonical, std::string_view identity,
                                             bool is_unasked) const;

  /// A new look-up, in the table and not yet running; null when `most` are under way.
  [[nodiscard]] std::shared_ptr<flight> make(query what, std::string identity, bool is_ahead);

  /// Runs `work`. `ended` is called when the flight has left the table; its outcome is set by then (timed_out at its
  /// limit, canceled after `cancel_all`, internal when the work threw). `owner` is kept alive until `ended` returned.
  void launch(const std::shared_ptr<flight>& f, awaitable<void> work, std::function<void()> ended,
              std::shared_ptr<void> owner);

  /// The look-ups under way, older ones of a key with a newer one included.
  [[nodiscard]] std::vector<std::shared_ptr<flight>> all() const;
  [[nodiscard]] std::size_t under_way() const { return running_.size(); }
  void cancel_all();
  [[nodiscard]] const flight_options& options() const { return options_; }

 private:
  static std::string key_of(std::string_view canonical, std::string_view identity);
  void conclude(flight& f, const std::exception_ptr& thrown);

  boost::asio::any_io_executor on_;
  const clock& time_;
  timer_queue& timers_;
  flight_options options_;
  bool is_canceled_ = false;
  std::unordered_map<std::string, std::shared_ptr<flight>> newest_;
  std::unordered_map<flight*, std::shared_ptr<flight>> running_;
};

/// What a look-up was doing, for messages: "waiting for credentials".
[[nodiscard]] std::string describe(const flight& f);

}  // namespace pinhook::resolve
