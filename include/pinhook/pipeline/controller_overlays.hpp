// What objects of Flux and Argo CD add to the kustomization of a folder that they deliver: images and patches, as if
// they stood in its own file.
//
//   kind: Kustomization (kustomize.toolkit.fluxcd.io)     spec: {path: ./apps/web, images: […], patches: […]}
//   kind: Application                                     spec.source: {path: apps/web, kustomize: {images: […]}}
//
// An item of `images` takes the place of that with the same name (fluxcd/pkg/kustomize, generator.go; `kustomize edit
// set image`). So an entry with a new name alone gives it to the images of the folder, and an entry of the folder
// reaches the patches.
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomization_walk.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

struct controller_overlay {
  /// The file of the object.
  std::string by;
  /// The kustomization of the folder; a folder may have none, and the file then does not exist.
  std::string kustomization;
  /// Its canonical_path.
  std::filesystem::path real_path;
  std::vector<files::kustomize_entry> images;
  std::vector<kustomization_patch> patches;
};

/// Of the objects in a file. Paths are looked for in the folders above it; one that does not exist has none.
[[nodiscard]] std::vector<controller_overlay> controller_overlays(const std::string& path, std::string_view text);

/// Those of all files of a run.
[[nodiscard]] std::vector<controller_overlay> controller_overlays(const std::vector<const input*>& inputs);

/// The kustomization of a folder that is delivered, without an overlay. No value: its file cannot be read.
[[nodiscard]] std::optional<read_kustomization> delivered_folder(const std::string& kustomization);
/// Adds what an overlay of it has.
void add_overlay(const controller_overlay& one, read_kustomization& to);

}  // namespace pinhook::pipeline
