// A change of a text as a part of it and the text to write there: how reports carry a fix that is known exactly.
//
//   if (const auto change = changed_lines(text, pinned)) …   // the lines that differ
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::pipeline {

/// A part of a text and the text to write there. Lines and columns count from 1, columns in characters; `end_column` is
/// the one after the last.
struct replacement {
  std::size_t line = 1;
  std::size_t column = 1;
  std::size_t end_line = 1;
  std::size_t end_column = 1;
  std::string text;

  friend bool operator==(const replacement&, const replacement&) = default;
};

/// The lines in which two texts differ, as one replacement; none when they are equal.
[[nodiscard]] std::optional<replacement> changed_lines(std::string_view before, std::string_view after);

}  // namespace pinhook::pipeline
