// What the console could not read, for people.
//
// A value.
#pragma once

#include <string>

namespace pinhook::console {

struct trouble {
  /// Shown to those who may see it; empty: it is about no single namespace.
  std::string ns;
  std::string text;
};

}  // namespace pinhook::console
