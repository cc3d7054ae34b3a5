// One look-up, many waiters: the look-ups under way, found by their key.
//
// The table's places are shared between the owners who have look-ups begun: when it is full, what nobody waits for
// gives way, then a look-up of the owner that has most (fair_line). A flight runs under its own time limit and outlives
// those who wait for it. When it ends it leaves the table first, and then its waiters are told; so whoever comes later
// starts a new one. Flights are children of this table: `stop` cancels them, and `under_way() == 0` says that all are
// gone. Look-up thread only.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/resolve/fair_line.hpp>
#include <pinhook/resolve/flight_options.hpp>
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
#include <map>
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

  /// Names it where places are shared.
  fair_line::key number = 0;
  /// `what.owner` began it.
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
  /// It gave its place to another: it ends without an outcome, and those who wait are placed anew.
  bool has_given_way = false;
  bool is_over_limit = false;
  /// What the waiters get; nothing before the end.
  result<registry::digest> outcome = fail(error_code::internal, "the look-up has no outcome");

  std::list<flight_waiter> waiters;
  /// Who waits, by owner: the first request of each, and how many do.
  struct wanter {
    std::uint64_t request = 0;
    std::size_t count = 0;
  };
  std::map<std::string, wanter> wanted_by;
  boost::asio::cancellation_signal cancel;
  timer_queue::id limit_timer{};
};

/// On whose accounts it is wanted. A refresh ahead is wanted by who used the entry.
[[nodiscard]] std::vector<claim> claims_of(const flight& f);

/// When the one who waits gives up.
[[nodiscard]] deadline limit_of(const flight_waiter& w);

class single_flight {
 public:
  single_flight(boost::asio::any_io_executor on, const clock& time, timer_queue& timers, flight_options options)
      : on_(std::move(on)),
        time_(time),
        timers_(timers),
        options_(options),
        // None is reserved, and nobody has time to keep a place: whoever has fewer gets one at once.
        table_({options.most, 0, std::chrono::nanoseconds(0)}) {}

  /// The newest look-up of that key under way, or null. With `is_unasked` only one that has not sent its request: what
  /// it will answer is newer than this moment.
  [[nodiscard]] std::shared_ptr<flight> find(std::string_view canonical, std::string_view identity,
                                             bool is_unasked) const;

  /// A new look-up, in the table and not yet running, and the one that made room for it, which is to be told and ended.
  /// Both null: `most` are under way, and none of them gives way to this owner.
  struct made {
    std::shared_ptr<flight> fresh;
    std::shared_ptr<flight> displaced;
  };
  [[nodiscard]] made make(query what, std::string identity, std::uint64_t request, bool is_ahead);
  /// Tells the table that others wait now, or fewer do.
  void set_claims(const flight& f) { table_.set_claims(f.number, claims_of(f)); }
  /// Null when it is not under way.
  [[nodiscard]] std::shared_ptr<flight> find(fair_line::key number) const;
  /// How many of those under way count against an owner.
  [[nodiscard]] std::size_t under_way_of(const std::string& owner) const { return table_.held_by(owner); }

  /// Runs `work`. `ended` is called when the flight has left the table; its outcome is set by then (timed_out at its
  /// limit, canceled after `cancel_all`, internal when the work threw). `owner` is kept alive until `ended` returned.
  void launch(const std::shared_ptr<flight>& f, awaitable<void> work, std::function<void()> ended,
              std::shared_ptr<void> owner);

  /// The look-ups under way, older ones of a key with a newer one included.
  [[nodiscard]] std::vector<std::shared_ptr<flight>> all() const;
  [[nodiscard]] std::size_t under_way() const { return running_.size(); }
  /// Ends a flight whose place another takes; its waiters are still its own.
  void give_way(flight& f);
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
  std::unordered_map<fair_line::key, std::shared_ptr<flight>> running_;
  fair_line table_;
  fair_line::key last_ = 0;
};

/// What a look-up was doing, for messages: "waiting for credentials".
[[nodiscard]] std::string describe(const flight& f);

}  // namespace pinhook::resolve
