// The lines of a text that were replaced by lines of another.
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// Lines [from, to) of one text replace lines [old_from, old_to) of the other; one of the two ranges may be empty.
struct replaced_lines {
  std::size_t old_from = 0, old_to = 0;
  std::size_t from = 0, to = 0;

  friend bool operator==(const replaced_lines&, const replaced_lines&) = default;
};

/// Each with its '\n'; the last may have none.
[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

/// The changes in their order, with equal lines between any two. They have as few lines as possible when no more than
/// `effort` lines are removed and added; otherwise they are line by line when both sides have the same number of
/// different lines, else one change with all that differs. Space grows with the square of `effort`, time with that and
/// the number of lines.
[[nodiscard]] std::vector<replaced_lines> changes_between(const std::vector<std::string_view>& before,
                                                          const std::vector<std::string_view>& after,
                                                          std::size_t effort);

}  // namespace pinhook::files
