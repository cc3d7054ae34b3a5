// A requested change of an image in a file, and the lines that it touched.
//
// Plain values; any thread.
#pragma once

#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/digest.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace pinhook::files {

/// The new state of one slot. Empty digest: the slot goes back to its tag.
struct change {
  /// Index in slots().
  std::size_t slot = 0;
  std::optional<registry::digest> digest;
  /// The format of the pin. None: the format of the call, but tag and digest where no comment can keep the tag.
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
