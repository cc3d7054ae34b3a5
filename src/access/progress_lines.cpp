#include <pinhook/access/progress_lines.hpp>

#include <fmt/core.h>

namespace pinhook::access {

std::string progress_lines::line_for(std::string_view doing, std::size_t done, std::size_t total, steady_time now) {
  if (done >= total || now - last_ < progress_interval) return {};
  last_ = now;
  return fmt::format("pinhook {}: {} {}/{} images\n", command_, doing, done, total);
}

std::string progress_status(std::string_view doing, std::size_t done, std::size_t total,
                            std::chrono::nanoseconds since_start) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_start).count();
  return fmt::format("{} {}/{} images{}", doing, done, total, seconds < 1 ? "" : fmt::format(", {} s", seconds));
}

}  // namespace pinhook::access
