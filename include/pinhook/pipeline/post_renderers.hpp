// Images in the values of a Flux HelmRelease to which its post-renderers give another name: they run over what the
// chart makes of the values, so that a digest there comes out under the other name.
//
//   spec:
//     values: {image: {repository: acme/app, tag: v1}}
//     postRenderers: [{kustomize: {images: [{name: acme/app, newName: mirror.example/app}]}}]
//
// Pure; any thread.
#pragma once

#include <pinhook/files/image_file.hpp>
#include <pinhook/pipeline/pinning.hpp>

#include <string_view>

namespace pinhook::pipeline {

/// False for a text without post-renderers, as most are.
[[nodiscard]] bool may_have_post_renderers(std::string_view text);

/// Of those of its images that an entry renames without a tag or a digest of its own.
[[nodiscard]] renamed_images renamed_by_post_renderers(const files::image_file& content);

}  // namespace pinhook::pipeline
