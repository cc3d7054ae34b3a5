// What look-ups under way are bounded by.
//
// Plain values; any thread.
#pragma once

#include <chrono>
#include <cstddef>

namespace pinhook::resolve {

struct flight_options {
  /// How long a look-up may take, with every credential; longer than any deadline of those who wait, so that a slow
  /// registry's answer is there for the next request.
  std::chrono::nanoseconds limit = std::chrono::seconds(30);
  /// Look-ups under way, each a few coroutines; names come from whoever may create Pods.
  std::size_t most = 4096;
};

}  // namespace pinhook::resolve
