// The keys and texts that authors use for images where no schema names the place: in custom resources of any kind, and
// in Helm values. One table, for files and for admission.
//
//   names_image("initImage")            // true
//   names_image("backgroundImage")      // false: a picture
//   is_whole_image("acme/init:1.0")     // true
//
// Pure; any thread.
#pragma once

#include <string_view>

namespace pinhook::pin {

/// The key that charts and most custom resources use.
inline constexpr std::string_view image_key = "image";

/// True for a key that ends as those of images do, whatever is before it: "initImage", "backgroundImage", "reimage".
[[nodiscard]] bool is_like_image_key(std::string_view key);

/// True for "image", "imageName", "initImage", "init_image", "INIT_IMAGE", "RELATED_IMAGE_INIT" and their like; false
/// for pictures and for images of disks and machines ("logoImage", "osImage").
[[nodiscard]] bool names_image(std::string_view key);

/// True for "images", "initImages": their items are images.
[[nodiscard]] bool is_image_list_key(std::string_view key);

/// True for "env", "extraEnv", "envVars": lists of environment variables.
[[nodiscard]] bool is_variable_list_key(std::string_view key);

/// True for the names of environment variables that hold images: "RELATED_IMAGE_WORKER" (the Operator Lifecycle
/// Manager's), "WORKER_IMAGE".
[[nodiscard]] bool is_image_variable(std::string_view name);

/// True for an address, a path, and an empty text.
[[nodiscard]] bool is_address(std::string_view text);

/// True for addresses, paths, sentences, and names of pictures and disks.
[[nodiscard]] bool is_other_text(std::string_view text);

/// True for a reference with a tag, a digest or a registry, which is more than a word: "acme/init:1.0", "ghcr.io/acme".
[[nodiscard]] bool is_whole_image(std::string_view text);

/// True for a reference with neither a tag nor a digest.
[[nodiscard]] bool is_without_tag(std::string_view text);

/// True for "localhost/a", "ghcr.io/acme/a", "mirror:5000/a".
[[nodiscard]] bool names_registry(std::string_view name);

}  // namespace pinhook::pin
