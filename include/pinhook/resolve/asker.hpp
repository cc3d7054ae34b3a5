// The look-up thread's side of the resolver: takes what the cache could not answer, and keeps what is in use fresh.
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

/// What one request wants asked; equal questions stand in it once. Owned by whoever works on it: the caller before it
/// is taken and after `done`, the look-up thread in between.
struct batch {
  struct ask {
    ask(query asked, std::string whose) : what(std::move(asked)), identity(std::move(whose)) {}

    query what;
    std::string identity;
    std::vector<std::size_t> slots;  // positions in the request

    bool is_settled = false;
    result<answer> outcome = fail(error_code::internal, "the question has no outcome");
    flight* on = nullptr;
    std::list<flight_waiter>::iterator place;
    int moves = 0;
  };
  std::vector<ask> asks;
  deadline limit = deadline::never();
  steady_time since{};
  /// Names the request among those of its owner; given by the asker.
  std::uint64_t number = 0;
  /// Called once, when every ask has its outcome.
  std::function<void()> done;

  std::size_t open = 0;
  /// Its time is over: nothing more is begun for it.
  bool is_late = false;
  timer_queue::id timer{};
};

class asker : public std::enable_shared_from_this<asker> {
 public:
  /// `client`, `time` and `watch` (may be null) must outlive the asker.
  asker(boost::asio::any_io_executor on, registry::client& client, const clock& time, observer* watch,
        std::shared_ptr<digest_cache> cache, resolver_options options, std::unique_ptr<alarm> bell);

  /// Once, before anything else.
  void begin();
  void take(const std::shared_ptr<batch>& b);
  /// Refreshes an entry that the caller has claimed in the cache.
  void refresh(const query& what, const std::string& identity);
  /// Cancels what is under way, tells those who wait, and calls `done` when every look-up has ended. Afterwards nothing
  /// is asked any more.
  void stop(std::function<void()> done);

 private:
  using ask = batch::ask;

  void place(const std::shared_ptr<batch>& b, std::size_t i);
  void wait_on(const std::shared_ptr<flight>& f, const std::shared_ptr<batch>& b, std::size_t i);
  void let_go(flight& f, std::list<flight_waiter>::iterator who);
  void launch(const std::shared_ptr<flight>& f);
  [[nodiscard]] std::shared_ptr<flight> make_flight(const query& what, const std::string& identity,
                                                    std::uint64_t request, bool is_ahead);
  void give_way(fair_line::key number);
  [[nodiscard]] bool waits_out(flight& f, steady_time until, const error& refusal);
  awaitable<void> work(std::shared_ptr<asker> self, std::shared_ptr<flight> f);
  void ended(const std::shared_ptr<flight>& f);
  void record(const flight& f);
  void schedule_refresh(const query& what, const std::string& identity, steady_time when);

  void settle(const std::shared_ptr<batch>& b, std::size_t i, result<answer> with);
  void settle_failure(const std::shared_ptr<batch>& b, std::size_t i, const error& why);
  void out_of_time(const std::shared_ptr<batch>& b);
  void give_up(const std::shared_ptr<batch>& b, std::size_t i, double waited);
  [[nodiscard]] std::optional<answer> stale_answer(const ask& a) const;
  // How the hosts are that may answer for a reference: clear while one of them is.
  struct standing {
    host_health::state health = host_health::state::clear;
    std::optional<error> refusal;  // while all of them rest
    steady_time rests_until;       // the soonest
  };
  [[nodiscard]] standing standing_of(const query& what) const;
  [[nodiscard]] steady_time pause_after(const query& what) const;

  boost::asio::any_io_executor on_;
  registry::client& client_;
  const clock& time_;
  observer* watch_;
  std::shared_ptr<digest_cache> cache_;
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
