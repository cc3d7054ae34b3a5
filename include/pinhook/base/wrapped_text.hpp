// Text for a terminal, broken at blanks.
//
//   wrapped("pinhook pin: web.yaml:10:18: container web: …", {.width = 80, .hanging = 2})
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook {

struct wrapping {
  /// Columns of a line; 0: no limit.
  std::size_t width = 80;
  /// Blanks before every line.
  std::size_t indent = 0;
  /// Blanks before every line but the first, beside `indent`.
  std::size_t hanging = 0;
};

/// The columns of a text: characters of UTF-8, each of which counts as one.
[[nodiscard]] std::size_t columns_of(std::string_view text) noexcept;

/// The text with breaks in place of blanks, so that no line is wider than `width`; a word that is wider has a line of
/// its own and stays whole: a digest or a path must be copied as it is. Breaks of the text stay, with no blanks before
/// an empty line. No break at the end but the text's own.
[[nodiscard]] std::string wrapped(std::string_view text, const wrapping& options);

}  // namespace pinhook
