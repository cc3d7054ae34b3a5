// The progress of look-ups: in the log of a CI job, which cannot rewrite a line, one every ten seconds; on a terminal
// one line that is rewritten.
//
// A value; any thread.
#pragma once

#include <pinhook/base/clock.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook::access {

/// Short enough for CI systems that end a job without output (Travis after 10 minutes), long enough for a log.
inline constexpr std::chrono::seconds progress_interval{10};

class progress_lines {
 public:
  progress_lines(std::string command, steady_time start) : command_(std::move(command)), last_(start) {}

  /// To be called every second or more often. "pinhook pin: resolving 120/300 images\n" when the last line, or the
  /// start, was at least progress_interval ago and something is left to do; else empty. `doing`: "resolving".
  [[nodiscard]] std::string line_for(std::string_view doing, std::size_t done, std::size_t total, steady_time now);

 private:
  std::string command_;
  steady_time last_;
};

/// The line on a terminal, without a line break: "resolving 120/300 images", after a second "resolving 0/60 images, 12
/// s", for numbers alone can stand still.
[[nodiscard]] std::string progress_status(std::string_view doing, std::size_t done, std::size_t total,
                                          std::chrono::nanoseconds since_start);

}  // namespace pinhook::access
