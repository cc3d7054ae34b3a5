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
  /// Look-ups under way of one request, which may bring 1,000 images; the next begins when one of them has ended. More
  /// would only wait in line, for registries are asked gate_options::requests at a time; and where they hang, what was
  /// not begun costs no one anything.
  std::size_t most_of_request = 128;
};

}  // namespace pinhook::resolve
