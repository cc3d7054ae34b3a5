// The deadline of an image's look-up for one fetch from a cloud.
#pragma once

#include <pinhook/base/deadline.hpp>

#include <algorithm>
#include <chrono>

namespace pinhook::cloud {

/// At most `most`, and at most half of the time left: a metadata service that hangs must leave time for the sources
/// after it, and for the registry.
[[nodiscard]] constexpr deadline fetch_deadline(deadline d, steady_time now, std::chrono::nanoseconds most) {
  return deadline::after(now, std::min(most, d.remaining(now) / 2));
}

}  // namespace pinhook::cloud
