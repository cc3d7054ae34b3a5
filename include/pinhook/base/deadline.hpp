// The moment by which an answer must be ready. One per request, passed down by value as the last parameter, never
// restarted: a step that gets 3 s of the remaining time uses `sooner(d, deadline::after(now, 3s))`, which can only
// shorten it.
#pragma once

#include <pinhook/base/clock.hpp>

#include <algorithm>
#include <chrono>

namespace pinhook {

class deadline {
 public:
  [[nodiscard]] static constexpr deadline at(steady_time when) { return deadline(when); }
  [[nodiscard]] static constexpr deadline after(steady_time now, std::chrono::nanoseconds span) {
    return deadline(span >= steady_time::max() - now ? steady_time::max() : now + span);
  }
  /// No limit. For work without a waiter; a request always has a limit.
  [[nodiscard]] static constexpr deadline never() { return deadline(steady_time::max()); }

  [[nodiscard]] constexpr steady_time time() const { return when_; }
  [[nodiscard]] constexpr bool has_passed(steady_time now) const { return now >= when_; }
  /// The remaining time, never negative.
  [[nodiscard]] constexpr std::chrono::nanoseconds remaining(steady_time now) const {
    return std::max(std::chrono::nanoseconds(0), std::chrono::nanoseconds(when_ - now));
  }

  friend constexpr deadline sooner(deadline a, deadline b) { return a.when_ < b.when_ ? a : b; }
  friend constexpr bool operator==(deadline, deadline) = default;

 private:
  explicit constexpr deadline(steady_time when) : when_(when) {}
  steady_time when_;
};

}  // namespace pinhook
