// The rest of a file beside the images that were found: values that look like images, and are not read as such.
//
// Pure; any thread.
#pragma once

#include <pinhook/files/found_image.hpp>
#include <pinhook/files/unread_image.hpp>
#include <pinhook/yaml/source.hpp>

#include <span>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// In the order of the text, without those in schemas and in `status`. `images`: those that were found. `text`: the
/// YAML that was read; empty: it is of another form.
[[nodiscard]] std::vector<unread_image> unread_images(const yaml::source& from, std::string_view text,
                                                      std::span<const found_image> images);

}  // namespace pinhook::files
