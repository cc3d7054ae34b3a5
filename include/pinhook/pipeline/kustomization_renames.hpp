// Images that come out of a kustomization under another name with the digest that is written where they stand, so it
// must be that of the other image, too. An entry with a newName and neither tag nor digest does so to what it takes in:
//
//   overlay/kustomization.yaml   images: [{name: web, newName: ghcr.io/acme/web}]
//   base/web.yaml                image: web:1     comes out as ghcr.io/acme/web:1
//
// And an entry whose name has a dot, which kustomize reads as any character, gives its own digest to images of other
// names; it gets none.
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <pinhook/files/image_file.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/pinning.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace pinhook::pipeline {

/// By the canonical path of the file where the images stand.
using renames_by_file = std::map<std::filesystem::path, renamed_images>;

/// `kustomizations`: their paths (kustomizations_around). What cannot be read counts as not there.
[[nodiscard]] renames_by_file find_renames(const std::vector<std::string>& kustomizations,
                                           const files::file_rules& rules);

/// The same around the files that the arguments of a command name; "-" and a file that is not found have none.
[[nodiscard]] renames_by_file renames_around(const std::vector<std::string>& arguments, const files::file_rules& rules);

/// The same for the inputs of a run, one an input, in their order; `around`: kustomizations besides those among them.
[[nodiscard]] std::vector<renamed_images> renames_in(const std::vector<const input*>& inputs,
                                                     const std::vector<std::string>& around,
                                                     const files::file_rules& rules);

}  // namespace pinhook::pipeline
