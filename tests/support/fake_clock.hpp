// A clock that moves only when the test moves it.
#pragma once

#include <pinhook/base/clock.hpp>

#include <atomic>
#include <chrono>

namespace pinhook::testing {

class fake_clock final : public clock {
 public:
  [[nodiscard]] steady_time now() const override { return steady_time(std::chrono::nanoseconds(steady_.load())); }
  [[nodiscard]] wall_time wall() const override {
    return wall_time(std::chrono::duration_cast<wall_time::duration>(std::chrono::nanoseconds(wall_.load())));
  }
  void advance(std::chrono::nanoseconds by) {
    steady_ += by.count();
    wall_ += by.count();
  }
  /// Somebody sets the machine's calendar; the steady clock does not see it.
  void set_wall(std::chrono::nanoseconds forward) { wall_ += forward.count(); }

 private:
  // 2026-01-01T00:00:00Z, and a steady clock that has run for a while.
  std::atomic<std::int64_t> wall_{1767225600LL * 1'000'000'000LL};
  std::atomic<std::int64_t> steady_{1'000'000LL * 1'000'000'000LL};
};

}  // namespace pinhook::testing
