// Images of which a kustomization's `replacements` take or write a part, between delimiters: the tag of nginx:1.25 is
// the part 1 by ":", and that of a pin is another text (nginx@sha256:1.26 comes out). No digest is written there.
//
//   replacements:
//   - source: {kind: ConfigMap, name: versions, fieldPath: data.TAG}
//     targets:
//     - select: {kind: Deployment}
//       fieldPaths: [spec.template.spec.containers.[name=web].image]
//       options: {delimiter: ":", index: 1}
//
// Source: sigs.k8s.io/kustomize/api v0.21.2, filters/replacement.
//
// Pure; any thread.
#pragma once

#include <pinhook/files/slot.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

struct image_cut {
  /// Of the object; empty: any.
  std::string kind, name;
  /// "spec.template.spec.containers.[name=web].image"
  std::string field;
  /// The field is written as a whole, so that only an image is cut of which it is one member (value_patches.hpp).
  bool is_whole = false;
};

/// `text`: a kustomization, or a file that `replacements` names by `path`. None of a text that cannot be read.
[[nodiscard]] std::vector<image_cut> image_cuts(std::string_view text);

/// The paths of such files in a kustomization.
[[nodiscard]] std::vector<std::string> replacement_files(std::string_view text);

/// True when it is this image. A name that a kustomization has put something before or behind counts as the same.
[[nodiscard]] bool is_cut(const files::slot& image, const image_cut& by);

inline constexpr std::string_view cut_remedy = "pin what is built: kustomize build … | pinhook pin -";

}  // namespace pinhook::pipeline
