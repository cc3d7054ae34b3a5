// The images of one mapping of a custom resource: strings under the keys of images, and the images whose parts are
// members of the mapping (image_parts.hpp, operator_images.hpp). For search_keys.hpp.
//
// Pure; any thread. The views point into the text.
#pragma once

#include <pinhook/base/json_cursor.hpp>
#include <pinhook/pin/found_slots.hpp>
#include <pinhook/pin/operator_images.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pin {

struct json_member {
  json::string key;
  json::kind kind = json::kind::none;
  /// Of a string.
  json::string text{};
  /// The value as it is written.
  std::string_view written{};
};

/// A slot with the values that make the image, for found_slots::templates.
struct found_parts {
  pin::slot slot;
  /// The text that a member has for it.
  std::string registry;
  std::vector<pod_template> values;
  /// A row of the object's operator has it: what is around it is no part of it.
  bool is_of_operator = false;
  /// It is no slot, but a tag that is left (operator_pin::spread).
  bool is_tag_alone = false;
  /// A text without a tag and without a digest, which a mapping around it may have.
  bool is_without_tag = false;
};

struct json_mapping {
  std::string pointer;
  std::span<const json_member> members;
  /// Empty for items of a list.
  std::string_view key{};
  /// Its key is that of an image.
  bool is_image = false;
  /// The rows of the object's operator.
  std::span<const operator_image* const> operators{};
};

/// What the members of a mapping may be for images in the mappings below it (image_parts.hpp).
struct outer_parts {
  /// Registries, and empty texts for parts whose use is not known.
  std::vector<std::string> names{};
  bool has_tag = false;
};

/// Every slot is a guess. An image is left out when another member may be a part of it, too. A duplicate of a key that
/// is read makes the cursor fail.
[[nodiscard]] std::vector<found_parts> images_of_mapping(json::cursor& at, const json_mapping& in);

[[nodiscard]] outer_parts outer_parts_of(std::span<const json_member> members);

/// True for the text of a string under `key` that is an image: a whole reference, or under "image" one with a slash.
[[nodiscard]] bool is_image_text(std::string_view key, std::string_view text);

}  // namespace pinhook::pin
