// The timers of one thread, in one ordered list behind one alarm.
//
// The alarm is the seam to real time: `make_alarm` is an Asio timer; a test's alarm rings when the test says so, and
// many minutes pass in no time. One thread.
#pragma once

#include <pinhook/base/clock.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace pinhook::resolve {

class alarm {
 public:
  virtual ~alarm() = default;
  /// Calls `ring` once at `when` or soon after, on the thread of the executor; replaces what was set before. Ringing
  /// without need (an earlier setting that was already under way) is allowed.
  virtual void set(steady_time when, std::function<void()> ring) = 0;
  virtual void clear() = 0;
};

/// Real time. `when` is on the machine's steady clock.
[[nodiscard]] std::unique_ptr<alarm> make_alarm(const boost::asio::any_io_executor& on);

class timer_queue {
 public:
  using id = std::pair<steady_time, std::uint64_t>;

  timer_queue(const clock& time, std::unique_ptr<alarm> bell) : time_(time), bell_(std::move(bell)) {}

  /// Called by the alarm; it must call `run_due` unless the queue is gone. Set once, before the first `add`.
  void on_ring(std::function<void()> ring) { ring_ = std::move(ring); }

  /// Calls `action` from `run_due` when `when` has come. steady_time::max() is never.
  id add(steady_time when, std::function<void()> action);
  /// Does nothing when it has run already.
  void cancel(const id& which);
  /// Runs everything that is due and sets the alarm for the next.
  void run_due();
  void clear();
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }

 private:
  void arm();

  const clock& time_;
  std::unique_ptr<alarm> bell_;
  std::function<void()> ring_;
  std::map<id, std::function<void()>> waiting_;
  std::uint64_t last_ = 0;
  steady_time armed_ = steady_time::max();
};

}  // namespace pinhook::resolve
