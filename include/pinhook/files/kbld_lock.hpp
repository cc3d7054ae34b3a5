// Lock files of kbld and imgpkg. These forms are read:
//
//   ImagesLock (imgpkg.carvel.dev/v1alpha1; kbld --imgpkg-lock-output), its images under `images`, or under
//   `spec.images` as kbld 0.28 had them:
//     - image: index.docker.io/library/nginx@sha256:…
//       annotations: {kbld.carvel.dev/id: "nginx:1.25", kbld.carvel.dev/origins: "- resolved: {tag: …, url: …}"}
//   Config and ImageOverrides (kbld.k14s.io/v1alpha1; kbld --lock-output), their `overrides`:
//     - {image: "nginx:1.25", newImage: "index.docker.io/library/nginx@sha256:…", preresolved: true}
//
// Source: carvel-dev/kbld pkg/kbld/config, carvel-dev/imgpkg pkg/imgpkg/lockconfig. Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/resolve/image_lock.hpp>
#include <pinhook/yaml/document.hpp>

#include <string>
#include <string_view>

namespace pinhook::files {

[[nodiscard]] bool is_kbld(std::string_view api_version, std::string_view kind) noexcept;

/// Skips images without a tag, and overrides that move an image to another repository, whose digest is not that of the
/// reference in the file. imgpkg copies images with their digests, so an ImagesLock counts for the reference in its
/// `id` whatever repository it names.
/// malformed: "line 3, column 5: …": an image that is not a reference with a digest, two digests for one reference.
[[nodiscard]] result<resolve::image_lock> read_kbld(const yaml::node& root);

/// Writes an ImagesLock. kbld matches an image with an `id` only when both are written the same, so images of Docker
/// Hub have an entry for each usual spelling.
[[nodiscard]] std::string write_kbld(const resolve::image_lock& lock);

}  // namespace pinhook::files
