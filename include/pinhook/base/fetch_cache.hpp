// Values that are fetched by a key and held for a while: tokens, secrets, answers of programs.
//
// One fetch serves all callers with the same key at a time; it runs under its own time limit, so a caller whose
// deadline passes leaves and the next one finds the value. A value is renewed before its end while the old one still
// serves; a failure is the answer for a short while, so that a broken source does not get every caller's request.
// A caller that gives up ends its own wait alone: the fetch goes on, for the others and for the cache.
//
//   fetch_cache<token> tokens(io.get_executor(), time);
//   auto got = co_await tokens.get("sts", [this](deadline d) { return ask_sts(d); }, d);
//
// Thread rule: everything on one thread, that of the callers' executor. Fetches under way are cancelled by `cancel` or
// the destructor; their coroutines end later on the io_context, so they must own everything that they use.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace pinhook {

struct fetch_cache_options {
  /// A fetch that takes longer is given up.
  std::chrono::nanoseconds fetch_limit = std::chrono::seconds(30);
  /// The time for which a failure answers without another fetch, and the time between a failed renewal and the next.
  /// Zero: failures are not held; only the present waiters get them.
  std::chrono::nanoseconds hold_failure = std::chrono::seconds(5);
  /// Values and failures held. When the cache is full, expired ones are dropped, and if there is none, the one that
  /// expires first.
  std::size_t capacity = 1000;
};

template <class T, class Key = std::string>
class fetch_cache {
 public:
  /// A value with its times on the steady clock.
  struct fetched {
    T value;
    /// The end of its use. `now` or earlier: only its present waiters get it.
    steady_time until;
    /// From this time a call starts its renewal and still gets the old one. Not before `until`: it is never renewed
    /// early.
    steady_time renew_at = steady_time::max();
  };
  using fetch = std::function<awaitable<result<fetched>>(deadline)>;

  /// `time` must outlive the cache and its fetches. `on`: the executor of the fetches; empty: that of the caller that
  /// begins one.
  fetch_cache(asio::any_io_executor on, const clock& time, fetch_cache_options options = {})
      : all_(std::make_shared<table>(std::move(on), time, options)) {}
  ~fetch_cache() { cancel(); }
  fetch_cache(const fetch_cache&) = delete;
  fetch_cache& operator=(const fetch_cache&) = delete;

  /// Errors: those of `source`; timed_out when `d` passed first (the fetch goes on), canceled after `cancel`, and
  /// internal when `source` threw.
  awaitable<result<T>> get(Key key, fetch source, deadline d) {
    const asio::any_io_executor here = co_await asio::this_coro::executor;
    const std::shared_ptr<table> all = all_;
    const steady_time now = all->time.now();
    if (const auto found = all->held.find(key); found != all->held.end() && now < found->second.until) {
      entry& e = found->second;
      if (!e.value) co_return fail(*e.failure);
      T out = *e.value;
      if (now >= e.renew_at && !all->flights.contains(key)) start(all, here, key, std::move(source));
      co_return out;
    }
    if (all->is_over) co_return fail(error_code::canceled, "not fetched: pinhook is stopping");
    std::shared_ptr<flight> f;
    if (const auto under_way = all->flights.find(key); under_way != all->flights.end())
      f = under_way->second;
    else
      f = start(all, here, key, std::move(source));
    if (!f->outcome) co_await wait_for(all, f, d);
    if (f->outcome) co_return *f->outcome;
    if (d.has_passed(all->time.now())) co_return fail(error_code::timed_out, "no answer in time");
    co_return fail(error_code::canceled, "the wait was canceled");
  }

  /// The value held for the key, also one that is due for renewal.
  [[nodiscard]] std::optional<T> held(const Key& key) const {
    const auto found = all_->held.find(key);
    if (found == all_->held.end() || all_->time.now() >= found->second.until) return std::nullopt;
    return found->second.value;
  }

  /// Drops the entry for the key; false when it held no value.
  bool drop(const Key& key) {
    const auto found = all_->held.find(key);
    if (found == all_->held.end()) return false;
    const bool had_value = found->second.value.has_value();
    all_->held.erase(found);
    return had_value;
  }

  /// Ends the fetches under way; nothing is fetched afterwards.
  void cancel() {
    all_->is_over = true;
    for (auto& [key, f] : std::map(all_->flights)) f->stop.emit(asio::cancellation_type::terminal);
  }

  [[nodiscard]] std::size_t size() const { return all_->held.size(); }
  [[nodiscard]] std::size_t under_way() const { return all_->flights.size(); }

 private:
  struct flight {
    std::optional<result<T>> outcome;
    std::list<asio::steady_timer*> waiting;
    asio::cancellation_signal stop;
  };
  struct entry {
    std::optional<T> value;
    std::optional<error> failure;  // without a value
    steady_time until;
    steady_time renew_at = steady_time::max();
  };
  struct table {
    table(asio::any_io_executor where, const clock& t, fetch_cache_options o)
        : on(std::move(where)), time(t), options(o) {}

    void hold(const Key& key, entry e) {
      if (!held.contains(key) && held.size() >= options.capacity) make_room();
      held.insert_or_assign(key, std::move(e));
    }
    void make_room() {
      const steady_time now = time.now();
      if (std::erase_if(held, [&](const auto& one) { return one.second.until <= now; }) != 0 || held.empty()) return;
      held.erase(std::min_element(held.begin(), held.end(),
                                  [](const auto& a, const auto& b) { return a.second.until < b.second.until; }));
    }
    void record(const Key& key, const result<fetched>& outcome) {
      const steady_time now = time.now();
      if (outcome) {
        if (outcome->until > now) hold(key, {outcome->value, std::nullopt, outcome->until, outcome->renew_at});
        return;
      }
      if (outcome.error().code == error_code::canceled) return;
      const auto found = held.find(key);
      if (found != held.end() && found->second.value && now < found->second.until)
        found->second.renew_at = now + options.hold_failure;
      else if (options.hold_failure.count() > 0)
        hold(key, {std::nullopt, outcome.error(), now + options.hold_failure});
    }

    asio::any_io_executor on;
    const clock& time;
    fetch_cache_options options;
    std::map<Key, entry> held;
    std::map<Key, std::shared_ptr<flight>> flights;
    bool is_over = false;
  };

  static awaitable<void> run(std::shared_ptr<table> all, Key key, std::shared_ptr<flight> f, fetch source) {
    // The flight ends also when this frame is destroyed with its io_context and the table is not.
    struct landing {
      table& all;
      const Key& key;
      ~landing() { all.flights.erase(key); }
    };
    const landing at_the_end{*all, key};
    result<fetched> outcome = fail(error_code::internal, "nothing was fetched");
    try {
      const deadline limit = deadline::after(all->time.now(), all->options.fetch_limit);
      outcome = co_await source(limit);
    } catch (const std::exception& e) {
      outcome = all->is_over ? result<fetched>(fail(error_code::canceled, "given up"))
                             : result<fetched>(fail(error_code::internal, e.what()));
    }
    all->record(key, outcome);
    if (outcome)
      f->outcome.emplace(std::move(outcome->value));
    else
      f->outcome.emplace(fail(std::move(outcome.error())));
    for (asio::steady_timer* one : f->waiting) one->cancel();
  }

  static std::shared_ptr<flight> start(const std::shared_ptr<table>& all, const asio::any_io_executor& here,
                                       const Key& key, fetch source) {
    auto f = std::make_shared<flight>();
    all->flights.insert_or_assign(key, f);
    // The handler keeps the signal alive: Asio uses its slot after the coroutine's frame has ended.
    asio::co_spawn(all->on ? all->on : here, run(all, key, f, std::move(source)),
                   asio::bind_cancellation_slot(f->stop.slot(), [f](const std::exception_ptr&) {}));
    return f;
  }

  static awaitable<void> wait_for(std::shared_ptr<table> all, std::shared_ptr<flight> f, deadline d) {
    // The timer's clock may differ much from a test's, so the span is used.
    constexpr std::chrono::nanoseconds longest = std::chrono::hours(1);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(std::min(d.remaining(all->time.now()), longest));
    const auto place = f->waiting.insert(f->waiting.end(), &timer);
    struct leave {
      flight& f;
      typename std::list<asio::steady_timer*>::iterator place;
      ~leave() { f.waiting.erase(place); }
    };
    const leave at_the_end{*f, place};
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }

  std::shared_ptr<table> all_;
};

}  // namespace pinhook
