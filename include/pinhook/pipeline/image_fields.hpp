// What files beside a kustomization tell kustomize about images: its `configurations` name fields that `images` entries
// reach, too, and its `transformers` may hold entries of their own.
//
//   configurations: [c.yaml]    images: [{path: spec/image, kind: Engine}]
//   transformers: [t.yaml]      {kind: ImageTagTransformer, imageTag: {name: web, newName: ghcr.io/acme/web},
//   fieldSpecs: […]}
//
// Source: sigs.k8s.io/kustomize/api v0.21.2, internal/plugins/builtinconfig and
// internal/builtins/ImageTagTransformer.go.
//
// Pure; any thread.
#pragma once

#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/files/slot.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

struct image_field {
  /// "spec/workers[]/image"; the brackets may be absent.
  std::string path;
  /// Empty: any.
  std::string group, kind;
};

/// Those of a file of `configurations` or `transformers`; none of a text that cannot be read.
[[nodiscard]] std::vector<image_field> image_fields(std::string_view text);

/// True when an entry is applied to the image by the field.
[[nodiscard]] bool is_reached(const files::slot& image, const image_field& by);

/// kustomize_entry::fault of an entry that a transformer holds, in which no digest is written.
inline constexpr std::string_view transformer_fault = "it is in a transformer";
inline constexpr std::string_view transformer_remedy =
    "write the new name in its file, or newTag or digest in the transformer";

/// The entries of a file of `transformers`, or of one that is written in the list.
[[nodiscard]] std::vector<files::kustomize_entry> transformer_entries(std::string_view text);

}  // namespace pinhook::pipeline
