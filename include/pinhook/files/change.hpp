// A change that is wanted for an image of a file, and the lines it touched.
//
// Plain values; any thread.
#pragma once

#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/digest.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace pinhook::files {

/// One site's new state. No digest: back to the tag.
struct change {
  /// Index in sites().
  std::size_t site = 0;
  std::optional<registry::digest> digest;
  /// How the pin must be written. None: as the call says, but where no comment can keep the tag, with tag and digest.
  std::optional<pin::pin_format> format{};
};

/// A line that a change touched, for --diff: `before` and `after` are whole lines, several joined by "\n", without the
/// last line end.
struct line_change {
  /// In the text before, from 1.
  std::size_t line = 1;
  std::string before;
  std::string after;
};

}  // namespace pinhook::files
