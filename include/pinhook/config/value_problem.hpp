// The reason why a value of the configuration is invalid.
//
// Plain values; any thread.
#pragma once

#include <cstddef>
#include <string>

namespace pinhook::config {

/// The reason why a value is invalid, and its place in its document, both from 1.
struct value_problem {
  std::size_t line = 1;
  std::size_t column = 1;
  std::string message;
};

}  // namespace pinhook::config
