// The images of one mapping of a custom resource: strings under the keys of images, and the images whose parts are
// members of the mapping (image_parts.hpp). For search_keys.hpp.
//
// Pure; any thread. The views point into the text.
#pragma once

#include <pinhook/base/json_cursor.hpp>
#include <pinhook/pin/found_slots.hpp>
#include <pinhook/pin/image_parts.hpp>

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
};

struct json_mapping {
  std::string pointer;
  std::span<const json_member> members;
  /// Its key is that of an image.
  bool is_image = false;
  /// Of the operator of the object; null: none.
  const operator_parts* parts = nullptr;
};

/// Every slot is a guess. An image is left out when another member may be a part of it, too. A duplicate of a key that
/// is read makes the cursor fail.
[[nodiscard]] std::vector<found_parts> images_of_mapping(json::cursor& at, const json_mapping& in);

/// The texts of the members that may be parts of images in the mappings below (image_parts.hpp): registries, and empty
/// texts for those whose use is not known.
[[nodiscard]] std::vector<std::string> outer_parts_of(std::span<const json_member> members);

/// True for the text of a string under `key` that is an image: a whole reference, or under "image" one with a slash.
[[nodiscard]] bool is_image_text(std::string_view key, std::string_view text);

}  // namespace pinhook::pin
