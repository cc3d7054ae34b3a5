// The slot of an image that a mapping of Helm values puts together: its text, and what the chart may do with its parts.
// For values_image and its like (image_search.hpp).
//
// An image_search belongs to one thread.
#pragma once

#include <pinhook/files/image_search.hpp>

#include <string>
#include <string_view>

namespace pinhook::files {

/// True for a scalar, through an alias, and for a member that is not there.
[[nodiscard]] bool is_scalar(const image_search& in, yaml::node_index i);

/// The text of the image by its parts: registry, name, tag and digest.
[[nodiscard]] std::string put_together(const image_search& in, const found_image& image);
/// True when one of the parts has a digest.
[[nodiscard]] bool has_digest(const image_search& in, const found_image& image);

/// Says that the chart may put the text at this path before or after the image's name.
[[nodiscard]] std::string may_put(std::string_view path);

/// Fills in all of the slot that follows from the nodes. `is_image`: the mapping holds only an image.
void complete_slot(image_search& in, found_image& image, std::string pointer, bool is_image);

}  // namespace pinhook::files
