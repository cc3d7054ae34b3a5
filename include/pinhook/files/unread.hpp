// The rest of a file beside the images that were found: values that look like images, and are not read as such.
//
// Pure; any thread.
#pragma once

#include <pinhook/files/found_image.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

/// In the order of the text, without those in schemas and in `status`. `images`: those that were found. `text`: the
/// YAML that was read; empty: it is of another form.
[[nodiscard]] std::vector<unread_image> unread_images(const yaml::source& from, std::string_view text,
                                                      std::span<const found_image> images);

}  // namespace pinhook::files
