// Texts of files that may be images, beside those of pin/image_keys.hpp: with placeholders that another program fills
// in, and with mistakes.
//
// Pure; any thread.
#pragma once

#include <string_view>

namespace pinhook::files {

/// False for addresses, paths, sentences, and names of pictures and disks. Without a tag or a digest the text must be a
/// reference; with one, a mistake in it is worth reporting.
[[nodiscard]] bool may_be_image(std::string_view text);

}  // namespace pinhook::files
