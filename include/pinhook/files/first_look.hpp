// A first look at the bytes of a document, which shows for most that searches by the names of keys find nothing more.
//
//   image_words("image: nginx # an Image")    // 2
//
// Pure; any thread.
#pragma once

#include <pinhook/base/key_list.hpp>
#include <pinhook/files/image_search.hpp>

#include <cstddef>
#include <span>
#include <string_view>

namespace pinhook::files {

/// Of a matrix, of Azure Pipelines: a word alone is the name of something.
inline constexpr std::string_view container_key = "container";

/// The places of "mage" in any case: every key, variable and argument that names an image (pin/image_keys.hpp) has it,
/// where its text is written without escapes.
[[nodiscard]] std::size_t image_words(std::string_view text);

/// True when the text has no word of an image but the keys `image` of these images, whose values they are. It has
/// neither escapes nor aliases, which may stand for any text.
[[nodiscard]] bool has_these_alone(std::string_view text, std::span<const found_image> images);

/// True when `find_by_keys` finds nothing in the object, and has nothing to refuse. `known`: all images of the object.
[[nodiscard]] bool keys_add_nothing(const image_search& in, yaml::node_index object, const object_type& type,
                                    std::span<const found_image> known);

/// False for a document in which unread_images (unread.hpp) finds no key, variable or argument of another image than
/// these, which are all that it holds. `text`: that of the file.
[[nodiscard]] bool may_name_more(std::string_view text, const yaml::source_document& doc,
                                 std::span<const found_image> images);

/// The bits of the keys that may_be_in_parts looks for (source_node::keys).
[[nodiscard]] key_bits bits_of_parts() noexcept;

/// False for a mapping without any member that is a part of an image.
[[nodiscard]] bool may_be_in_parts(const yaml::source_document& doc, yaml::node_index mapping);

}  // namespace pinhook::files
