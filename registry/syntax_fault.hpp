// The position at which a text violates its grammar, and the reason, for a user who reads the text.
#pragma once

#include <cstddef>
#include <string>

namespace pinhook::registry {

struct syntax_fault {
  /// The first byte that does not fit, counted from 1; one after the end when something is missing there.
  std::size_t position = 1;
  /// The fault and the correct form. Bytes of the text in it are escaped.
  std::string reason;

  friend bool operator==(const syntax_fault&, const syntax_fault&) = default;
};

}  // namespace pinhook::registry
