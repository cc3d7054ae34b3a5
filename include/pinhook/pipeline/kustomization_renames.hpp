// Images that a kustomization of the same run gives another name and no tag or digest: the digest that is written where
// they stand comes out under that name, so it must be that of the other image, too.
//
//   overlay/kustomization.yaml   images: [{name: web, newName: ghcr.io/acme/web}]
//   base/web.yaml                image: web:1     comes out as ghcr.io/acme/web:1
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <pinhook/files/image_file.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/pinning.hpp>

#include <vector>

namespace pinhook::pipeline {

/// One an input, in their order. What a kustomization takes in and cannot be read counts as not there.
[[nodiscard]] std::vector<renamed_images> renames_in(const std::vector<const input*>& inputs,
                                                     const files::file_rules& rules);

}  // namespace pinhook::pipeline
