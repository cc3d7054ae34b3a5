// The images of a file of environment variables, which Compose and others read beside their own (".env").
//
//   DATABASE_IMAGE=postgres:18.4
//   export WEB_IMAGE="ghcr.io/acme/web:1.0" # ours
//
// A variable is an image when its name is that of one (pin/image_keys.hpp), or its value has a registry, and the value
// has a tag or a digest: a name alone is a part of an image, "${IMAGE_NAME}:${VERSION}". Programs differ on comments
// behind a value, so that no tag is kept there. Every text can be read. Pure; any thread.
#pragma once

#include <pinhook/yaml/source.hpp>

#include <string_view>
#include <vector>

namespace pinhook::files {

struct environment_image {
  /// Of the variable.
  std::string_view name;
  /// The value without quotes.
  yaml::text_span span;
};

/// In the order of the text, which outlives the names.
[[nodiscard]] std::vector<environment_image> read_environment_file(std::string_view text);

/// As dockerfile_source.
[[nodiscard]] yaml::source environment_source(std::string_view text);

}  // namespace pinhook::files
