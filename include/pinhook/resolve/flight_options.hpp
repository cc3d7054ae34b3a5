// The limits of look-ups under way.
//
// Plain values; any thread.
#pragma once

#include <chrono>
#include <cstddef>

namespace pinhook::resolve {

struct flight_options {
  /// The time of a look-up, with every credential; longer than any deadline of those who wait, so that a slow
  /// registry's answer is there for the next request.
  std::chrono::nanoseconds limit = std::chrono::seconds(30);
  /// Look-ups under way, each a few coroutines; names come from anyone who may create Pods.
  std::size_t most = 4096;
};

}  // namespace pinhook::resolve
