// Why a value of the configuration cannot be taken.
//
// Plain values; any thread.
#pragma once

#include <cstddef>
#include <string>

namespace pinhook::config {

/// Why a value cannot be taken, and where in its document, both from 1.
struct value_problem {
  std::size_t line = 1;
  std::size_t column = 1;
  std::string message;
};

}  // namespace pinhook::config
