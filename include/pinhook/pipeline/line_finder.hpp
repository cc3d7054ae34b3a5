// The text of a file from an image's position on, and the width of the image there, for reports that mark it.
//
//   line_finder lines(text);
//   const std::size_t width = width_of(lines.from(slot.line, slot.column), slot);
//
// Pure; one thread at a time. Columns and widths count characters, from 1.
#pragma once

#include <pinhook/files/slot.hpp>

#include <cstddef>
#include <string_view>
#include <utility>

namespace pinhook::pipeline {

/// Finds the lines of a text by number; fast when the numbers mostly increase.
class line_finder {
 public:
  explicit line_finder(std::string_view text) : text_(text) {}

  /// The rest of a line from a column on, without CR LF; empty when there is no such place.
  std::string_view from(std::size_t line, std::size_t column);

 private:
  std::string_view text_;
  std::size_t line_ = 1;
  std::size_t begin_ = 0;
};

/// The number of characters of the image as written in the line: with its quotes; of an alias that of its name. `rest`:
/// the line from the image on.
[[nodiscard]] std::size_t width_of(std::string_view rest, const files::slot& s);

/// Line and column of a byte of a text.
[[nodiscard]] std::pair<std::size_t, std::size_t> place_in(std::string_view text, std::size_t offset);

}  // namespace pinhook::pipeline
