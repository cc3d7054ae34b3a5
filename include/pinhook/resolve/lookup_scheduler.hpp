// The look-up thread's side of the resolver: it takes the queries that the cache could not answer, and refreshes the
// entries that are in use.
//
// Every function runs on the look-up thread; `take`, `refresh` and `stop` are posted there. Batches come from any
// thread and go back by their `done`.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/client.hpp>
#include <pinhook/resolve/digest_cache.hpp>
#include <pinhook/resolve/host_gate.hpp>
#include <pinhook/resolve/observer.hpp>
#include <pinhook/resolve/resolver.hpp>
#include <pinhook/resolve/resolver_options.hpp>
#include <pinhook/resolve/single_flight.hpp>
#include <pinhook/resolve/slices.hpp>
#include <pinhook/resolve/timer_queue.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::resolve {

/// The queries of one request that must be looked up; equal ones are in it once. It is owned by the caller before it is
/// taken and after `done`, and by the look-up thread in between.
struct batch {
  struct ask {
    ask(resolve::query q, std::string credential_identity)
        : query(std::move(q)), identity(std::move(credential_identity)) {}

    resolve::query query;
    std::string identity;
    std::vector<std::size_t> positions;  // in the request

    bool is_begun = false;
    bool is_settled = false;
    result<answer> outcome = fail(error_code::internal, "the query has no outcome");
    flight* on = nullptr;
    std::list<flight_waiter>::iterator place;
    int moves = 0;
  };
  std::vector<ask> asks;
  deadline limit = deadline::never();
  steady_time since{};
  /// Names the request among those of its owner; given by the scheduler.
  std::uint64_t number = 0;
  /// Called once, when every ask has its outcome.
  std::function<void()> done;

  /// Asks without an outcome; of these, begun ones. The first that is not begun.
  std::size_t open = 0;
  std::size_t begun = 0;
  std::size_t next = 0;
  /// A slice that begins more is in line.
  bool is_beginning = false;
  /// Its deadline has passed: nothing more is begun for it.
  bool is_late = false;
  timer_queue::id timer{};
};

class lookup_scheduler : public std::enable_shared_from_this<lookup_scheduler> {
 public:
  /// `client`, `time` and `watch` (may be null) must outlive the scheduler.
  lookup_scheduler(boost::asio::any_io_executor on, registry::client& client, const clock& time, observer* watch,
                   std::shared_ptr<digest_cache> cache, std::shared_ptr<pull_notes> pulls, resolver_options options,
                   std::unique_ptr<alarm> bell);

  /// Once, before anything else.
  void begin();
  void take(const std::shared_ptr<batch>& b);
  /// Refreshes an entry that the caller has claimed in the cache.
  void refresh(const query& q, const std::string& identity);
  /// Cancels the look-ups under way, gives those who wait their outcome, and calls `done` when every look-up has ended.
  /// Afterwards nothing is looked up any more.
  void stop(std::function<void()> done);

 private:
  using ask = batch::ask;

  [[nodiscard]] slices::step beginning(const std::shared_ptr<batch>& b);
  [[nodiscard]] bool may_begin(const batch& b) const;
  void place(const std::shared_ptr<batch>& b, std::size_t i);
  void wait_on(const std::shared_ptr<flight>& f, const std::shared_ptr<batch>& b, std::size_t i);
  void let_go(flight& f, std::list<flight_waiter>::iterator waiter);
  void launch(const std::shared_ptr<flight>& f);
  [[nodiscard]] std::shared_ptr<flight> make_flight(const query& q, const std::string& identity, std::uint64_t request,
                                                    bool is_ahead);
  void give_way(fair_line::key number);
  [[nodiscard]] bool waits_out(flight& f, steady_time until, const error& refusal);
  awaitable<void> work(std::shared_ptr<lookup_scheduler> self, std::shared_ptr<flight> f);
  void ended(const std::shared_ptr<flight>& f);
  void record(const flight& f);
  void schedule_refresh(const query& q, const std::string& identity, steady_time when);

  void settle(const std::shared_ptr<batch>& b, std::size_t i, result<answer> with);
  void settle_failure(const std::shared_ptr<batch>& b, std::size_t i, const error& failure);
  void out_of_time(const std::shared_ptr<batch>& b);
  void give_up(const std::shared_ptr<batch>& b, std::size_t i, double waited);
  [[nodiscard]] std::optional<answer> stale_answer(const ask& a) const;
  // The state of the hosts that may answer for a reference: clear while one of them is.
  struct host_state {
    host_health::state health = host_health::state::clear;
    std::optional<error> refusal;  // while all of them rest
    steady_time rests_until;       // the soonest
  };
  [[nodiscard]] host_state state_of(const query& q) const;
  [[nodiscard]] steady_time pause_after(const query& q) const;

  boost::asio::any_io_executor on_;
  registry::client& client_;
  const clock& time_;
  observer* watch_;
  std::shared_ptr<digest_cache> cache_;
  std::shared_ptr<pull_notes> pulls_;
  resolver_options options_;
  timer_queue timers_;
  host_gate gate_;
  single_flight flights_;
  slices slices_;
  std::size_t scheduled_ = 0;
  std::uint64_t requests_ = 0;
  bool is_stopping_ = false;
  std::vector<std::function<void()>> stopped_;
};

}  // namespace pinhook::resolve
