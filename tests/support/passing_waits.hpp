// Waits between tries that take no time: the test's clock moves on by each.
//
//   std::vector<std::chrono::nanoseconds> waits;
//   fetch_tuf(http, from, options, time, limit, passing_waits(time, &waits));
//
// The clock and the list outlive what waits.
#pragma once

#include "support/fake_clock.hpp"

#include <pinhook/base/wait_seams.hpp>

#include <chrono>
#include <vector>

namespace pinhook::testing {

/// `waits`: gets the length of each; null: nothing does. `random`: the jitter.
inline wait_seams passing_waits(fake_clock& time, std::vector<std::chrono::nanoseconds>* waits = nullptr,
                                double random = 1.0) {
  wait_seams out;
  out.random = [random] { return random; };
  out.sleep = [&time, waits](std::chrono::nanoseconds span) -> awaitable<void> {
    if (waits != nullptr) waits->push_back(span);
    time.advance(span);
    co_return;
  };
  return out;
}

}  // namespace pinhook::testing
