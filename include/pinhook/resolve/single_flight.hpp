// One look-up, many waiters: the look-ups under way, found by their key.
//
// The table's places are shared between the owners who have look-ups begun: when it is full, a look-up that no one
// waits for gives way, then one of the owner that has most (fair_line). A flight runs under its own time limit and
// outlives those who wait for it. When it ends it leaves the table first, and then its waiters get their outcome; so a
// query that comes later starts a new one. Flights are children of this table: `stop` cancels them, and when
// `under_way() == 0` all are gone. Look-up thread only.
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

/// One that waits: one ask of a batch.
struct flight_waiter {
  std::shared_ptr<batch> of;
  std::size_t ask = 0;
};

struct flight {
  enum class stage : std::uint8_t { credentials, line, registry };

  flight(resolve::query q, std::string credential_identity)
      : query(std::move(q)), identity(std::move(credential_identity)) {}

  /// Names it where places are shared.
  fair_line::key number = 0;
  /// `query.owner` began it.
  resolve::query query;
  std::string identity;
  /// Started before an entry's expiry, not for a request that waits.
  bool is_ahead = false;
  steady_time started_at{};
  deadline limit = deadline::never();

  stage at = stage::credentials;
  /// The host that is asked: "mirror m.corp:5000"; empty: the registry.
  std::string asking;
  /// When the request was sent; its answer is no older than this.
  std::optional<steady_time> asked_at;
  /// The credentials turned out to be of another identity than the flight was started for: nothing was asked.
  bool has_moved = false;
  /// It gave its place to another: it ends without an outcome, and those who wait are placed again.
  bool has_given_way = false;
  bool is_over_limit = false;
  /// The outcome for the waiters; an error before the end.
  result<registry::digest> outcome = fail(error_code::internal, "the look-up has no outcome");
  /// Of a query for a document, with a good outcome.
  std::shared_ptr<const registry::document> document;

  std::list<flight_waiter> waiters;
  /// Those who wait, by owner: the first request of each, and their number.
  struct wanter {
    std::uint64_t request = 0;
    std::size_t count = 0;
  };
  std::map<std::string, wanter> wanted_by;
  boost::asio::cancellation_signal cancel;
  timer_queue::id limit_timer{};
};

/// The accounts on which it is wanted. A refresh ahead counts for the owner that used the entry.
[[nodiscard]] std::vector<claim> claims_of(const flight& f);

/// The deadline of a waiter.
[[nodiscard]] deadline limit_of(const flight_waiter& w);

class single_flight {
 public:
  single_flight(boost::asio::any_io_executor on, const clock& time, timer_queue& timers, flight_options options)
      : on_(std::move(on)),
        time_(time),
        timers_(timers),
        options_(options),
        // No place is reserved, and none is kept for a time: an owner that has fewer gets one at once.
        table_({options.most, 0, std::chrono::nanoseconds(0)}) {}

  /// The newest look-up of that subject (subject_of) under way, or null. With `is_unasked` only one that has not sent
  /// its request: its answer will be newer than this moment.
  [[nodiscard]] std::shared_ptr<flight> find(std::string_view subject, std::string_view identity,
                                             bool is_unasked) const;

  /// A new look-up, in the table and not yet running, and the one that made room for it, whose waiters the caller
  /// settles and which it ends. Both null: `most` are under way, and none of them gives way to this owner.
  struct made {
    std::shared_ptr<flight> fresh;
    std::shared_ptr<flight> displaced;
  };
  [[nodiscard]] made make(query q, std::string identity, std::uint64_t request, bool is_ahead);
  /// Updates the claims in the table when others wait now, or fewer do.
  void set_claims(const flight& f) { table_.set_claims(f.number, claims_of(f)); }
  /// Null when it is not under way.
  [[nodiscard]] std::shared_ptr<flight> find(fair_line::key number) const;
  /// The number of those under way that count against an owner.
  [[nodiscard]] std::size_t under_way_of(const std::string& owner) const { return table_.held_by(owner); }

  /// Runs `work`. `on_done` is called when the flight has left the table; its outcome is set by then (timed_out at its
  /// limit, canceled after `cancel_all`, internal when the work threw). `owner` is kept alive until `on_done` returned.
  void launch(const std::shared_ptr<flight>& f, awaitable<void> work, std::function<void()> on_done,
              std::shared_ptr<void> owner);

  /// The look-ups under way, including older ones of a key with a newer one.
  [[nodiscard]] std::vector<std::shared_ptr<flight>> all() const;
  [[nodiscard]] std::size_t under_way() const { return running_.size(); }
  /// Ends a flight whose place another takes; its waiters are still its own.
  void give_way(flight& f);
  void cancel_all();
  [[nodiscard]] const flight_options& options() const { return options_; }

 private:
  static std::string key_of(std::string_view subject, std::string_view identity);
  static std::string key_of(const flight& f) { return key_of(subject_of(f.query), f.identity); }
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

/// The step of a look-up, for messages: "the credentials were not there".
[[nodiscard]] std::string describe(const flight& f);

}  // namespace pinhook::resolve
