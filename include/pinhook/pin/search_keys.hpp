// Finds images of a custom resource by the names of keys (image_keys.hpp) in one forward pass over its text: for kinds
// whose places of images no table has.
//
// Pure; any thread. The views point into the text.
#pragma once

#include <pinhook/base/json_cursor.hpp>
#include <pinhook/pin/found_slots.hpp>
#include <pinhook/pin/operator_images.hpp>

#include <span>
#include <string_view>

namespace pinhook::pin {

/// True for a kind whose `spec` may be searched: not those of core, apps and batch, whose images have known places; not
/// policies, and no kind of image_kinds.hpp that holds none.
[[nodiscard]] bool may_search_keys(std::string_view group, std::string_view kind);

/// Searches the `spec` of the object that `at` is in front of, and passes the object. Found are texts under a key of an
/// image, items of a list of images, and values of environment variables for images, when they are whole references
/// (under "image" a slash is enough), and images in parts (part_search.hpp) unless a mapping around them may hold
/// another part, and those of `operators`, the rows of the object's operator. Each is a slot with `is_guess`, and its
/// values are parts of their own in `templates`. Not searched: what is below keys without images, and objects inside of
/// the object, which have `apiVersion` and `kind`. A duplicate of a key that is read, nested deeper than
/// max_search_depth, too many images: the cursor fails.
void search_image_keys(json::cursor& at, found_slots& out, std::span<const operator_image* const> operators = {});

}  // namespace pinhook::pin
