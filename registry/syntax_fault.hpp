// Where a text leaves its grammar, and how: for a person who looks at the text.
#pragma once

#include <cstddef>
#include <string>

namespace pinhook::registry {

struct syntax_fault {
  /// The first byte that does not fit, counted from 1; one behind the end when something is missing there.
  std::size_t position = 1;
  /// What is wrong and what would be right. Bytes of the text in it are escaped.
  std::string reason;

  friend bool operator==(const syntax_fault&, const syntax_fault&) = default;
};

}  // namespace pinhook::registry
