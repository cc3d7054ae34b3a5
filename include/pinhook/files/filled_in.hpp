// Texts in the place of an image that are no image yet: another program fills them in, builds what they name, or
// compares images with them.
//
// Pure; any thread.
#pragma once

#include <string_view>

namespace pinhook::files {

/// True for a text that another program fills in before an image is pulled:
///
///   {{ .Values.image }}  $(params.image)  ${TAG}  $TAG  $[[ inputs.tag ]]    Helm, Argo, Tekton, Compose, envsubst, CI
///   __IMAGE__  %TAG%  @TAG@  #{tag}#  #{tag}  (( grab meta.tag ))  <tag>  {tag}    sed, replace-tokens, Octopus,
///   spruce CONTAINER_IMAGES_TAG  REPLACE_ME    words in capitals as a part of the name, or as the tag
[[nodiscard]] bool is_filled_in(std::string_view image);

/// True for a text that names a source to build: "ko://example.com/acme/cmd/web" (ko.build).
[[nodiscard]] bool is_built_later(std::string_view image);

/// True for a text that a policy compares images with: "*:latest", "!*:latest", "ghcr.io/acme/* | docker.io/acme/*"
/// (kyverno.io, "Validate Rules", operators and wildcards).
[[nodiscard]] bool is_image_pattern(std::string_view image);

}  // namespace pinhook::files
