// What was found to hold for a digest, kept beside it in the cache so that nobody has to find it again: that verifiers
// accept the image, for one.
//
// A plain value; any thread.
#pragma once

#include <pinhook/base/clock.hpp>

#include <array>
#include <cstdint>

namespace pinhook::resolve {

struct vouch {
  /// Says what was found, and by whom. Zeros: nothing was.
  std::array<std::uint64_t, 3> key{};
  steady_time until{};

  [[nodiscard]] bool is_for(const std::array<std::uint64_t, 3>& asked, steady_time now) const {
    return key == asked && now < until;
  }
};

}  // namespace pinhook::resolve
