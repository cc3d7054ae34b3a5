// What a fuzz target says has to hold, in builds with and without sanitizers.
#pragma once

#include <cstdlib>

namespace pinhook::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace pinhook::fuzz
