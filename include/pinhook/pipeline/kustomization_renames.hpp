// Images that come out of a kustomization under another name with the digest that is written in their file, so it must
// be the digest of the other image, too. An entry with a newName and neither tag nor digest does so to its images:
//
//   overlay/kustomization.yaml   images: [{name: web, newName: ghcr.io/acme/web}]
//   base/web.yaml                image: web:1     comes out as ghcr.io/acme/web:1
//
// So does the entry that `pin` would add to base/kustomization.yaml for web:1.
//
// And an entry with a dot in its name, which kustomize reads as any character, gives its own digest to images of other
// names, so no digest is written into it.
//
// An image that entries with a tag or a digest replace in every kustomization that takes it, and that no other one
// includes, is never used as it is written: `controller:latest` of kubebuilder. It needs no digest.
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <pinhook/files/image_file.hpp>
#include <pinhook/pipeline/controller_overlays.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomization_gaps.hpp>
#include <pinhook/pipeline/kustomization_walk.hpp>
#include <pinhook/pipeline/pinning.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace pinhook::pipeline {

/// By the canonical path of the file that holds the images.
using renames_by_file = std::map<std::filesystem::path, renamed_images>;

/// `kustomizations`: their paths (kustomizations_around). A file that cannot be read counts as missing. `planned`:
/// entries that will be in them, whose indices go on behind those of the slots. `overlays`: of objects of controllers.
[[nodiscard]] renames_by_file find_renames(const std::vector<std::string>& kustomizations,
                                           const files::image_places& places, const planned_entries& planned = {},
                                           const std::vector<controller_overlay>& overlays = {});

/// The same for the kustomizations around the files that a command's arguments name; "-" and missing files have none.
[[nodiscard]] renames_by_file renames_around(const std::vector<std::string>& arguments,
                                             const files::image_places& places);

/// The same for the inputs of a run, one for each, in their order; `around`: kustomizations that are not inputs. Those
/// of entries that would be added go to kustomization_gap::renamed; `gaps`: null, or those of each input.
[[nodiscard]] std::vector<renamed_images> renames_in(const std::vector<const input*>& inputs,
                                                     const std::vector<std::string>& around,
                                                     const files::image_places& places,
                                                     std::vector<std::optional<kustomization_gaps>>* gaps = nullptr);

}  // namespace pinhook::pipeline
