// The order in which connections of a thread are closed when there are too many: first those that have never sent a
// whole request, the oldest first; then those that wait for their next one, the longest waiting first. A connection
// with a request under way is never closed.
//
//   auto place = order.add(&session, now);   // it has not sent a request yet
//   order.begin_request(place);              // a whole request is here
//   order.end_request(place, now);           // it has been answered; the next one is waited for
//   order.remove(place);
//
// Thread rule: one thread; `oldest_silent` and `longest_idle` from any, so that the accepting thread finds the
// thread with the next connection to close.
#pragma once

#include <pinhook/base/clock.hpp>

#include <atomic>
#include <cstdint>
#include <list>

namespace pinhook::server {

class session;

class connection_order {
  enum class state : std::uint8_t { silent, idle, busy };
  struct entry {
    session* owner;
    state is;
    steady_time since;
  };

 public:
  using place = std::list<entry>::iterator;
  static constexpr steady_time none = steady_time::max();

  [[nodiscard]] place add(session* owner, steady_time now);
  void begin_request(place at);
  void end_request(place at, steady_time now);
  /// The next request has begun to arrive: the connection moves to the end of the order.
  void touch(place at, steady_time now);
  void remove(place at);

  /// The next session to close; null: none.
  [[nodiscard]] session* first() const;

  /// The time since which the first of each kind has waited; `none` when there is none.
  [[nodiscard]] steady_time oldest_silent() const { return silent_since_.load(std::memory_order_relaxed); }
  [[nodiscard]] steady_time longest_idle() const { return idle_since_.load(std::memory_order_relaxed); }

 private:
  std::list<entry>& list_of(state s);
  void move(place at, state to, steady_time since);
  void publish();

  // Silent and idle entries are in the order of `since`.
  std::list<entry> silent_, idle_, busy_;
  std::atomic<steady_time> silent_since_{none};
  std::atomic<steady_time> idle_since_{none};
};

}  // namespace pinhook::server
