// The seam to time: all code that needs the time takes a `clock&`, so that tests can set it.
#pragma once

#include <chrono>

namespace pinhook {

using steady_time = std::chrono::steady_clock::time_point;
using wall_time = std::chrono::system_clock::time_point;

/// Thread rule: both functions may be called from any thread.
class clock {
 public:
  virtual ~clock() = default;
  /// Monotonic: for deadlines, ages, expiry.
  [[nodiscard]] virtual steady_time now() const = 0;
  /// The calendar: for certificates, HTTP dates, logs.
  [[nodiscard]] virtual wall_time wall() const = 0;
};

/// The machine's clock.
[[nodiscard]] const clock& machine_clock();

}  // namespace pinhook
