// A value that looks like an image in a place that is not read. Found by unread.hpp and variable_images.hpp.
//
// A plain value; any thread.
#pragma once

#include <cstddef>
#include <string>

namespace pinhook::files {

/// A string under a key like "image" that is a whole reference, and no image of the file; or one in a text of the file,
/// at the line of a literal text, else at the text's begin.
struct unread_image {
  /// As in slot.
  std::size_t document = 0;
  std::string pointer;
  std::size_t line = 1;
  std::size_t column = 1;
  std::string written;
};

}  // namespace pinhook::files
