// An alarm that rings when the test's clock has come so far: `time_machine` moves both and runs the io_context, so that
// hours of timers pass in no time.
#pragma once

#include "support/fake_clock.hpp"

#include <pinhook/resolve/timer_queue.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace pinhook::testing {

class time_machine {
 public:
  fake_clock clock;
  boost::asio::io_context io{1};

  [[nodiscard]] std::unique_ptr<resolve::alarm> make_alarm() { return std::make_unique<bell>(state_); }

  /// Runs the handlers that are ready; time does not move.
  void settle() {
    io.restart();
    io.poll();
  }

  /// Moves the time on, ringing at each moment an alarm is set for on the way.
  void advance(std::chrono::nanoseconds by) {
    const steady_time goal = clock.now() + by;
    settle();
    for (;;) {
      const bool is_event = !events_.empty() && (!state_->when || events_.begin()->first <= *state_->when);
      if (!is_event && !state_->when) break;
      const steady_time when = is_event ? events_.begin()->first : *state_->when;
      if (when > goal) break;
      if (when > clock.now()) clock.advance(when - clock.now());
      // Within the io_context, as in production: a cancellation there takes effect at once.
      if (is_event) {
        boost::asio::post(io, std::move(events_.extract(events_.begin()).mapped()));
      } else {
        state_->when.reset();
        boost::asio::post(io, std::exchange(state_->ring, nullptr));
      }
      settle();
    }
    clock.advance(goal - clock.now());
    settle();
  }
  /// An event of the outside world happens after that time.
  void later(std::chrono::nanoseconds after, std::function<void()> action) {
    events_.emplace(clock.now() + after, std::move(action));
  }
  [[nodiscard]] bool is_armed() const { return state_->when.has_value(); }

 private:
  struct setting {
    std::optional<steady_time> when;
    std::function<void()> ring;
  };
  class bell final : public resolve::alarm {
   public:
    explicit bell(std::shared_ptr<setting> s) : state_(std::move(s)) {}
    void set(steady_time when, std::function<void()> ring) override {
      state_->when = when;
      state_->ring = std::move(ring);
    }
    void clear() override { state_->when.reset(); }

   private:
    std::shared_ptr<setting> state_;
  };
  std::multimap<steady_time, std::function<void()>> events_;
  std::shared_ptr<setting> state_ = std::make_shared<setting>();
};

}  // namespace pinhook::testing
