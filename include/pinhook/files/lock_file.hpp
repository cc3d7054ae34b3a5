// Lock files: pinhook's own, and kbld's ImagesLock.
//
//   apiVersion: pinhook.dev/v1
//   kind: ImageLock
//   images:
//     docker.io/library/nginx:1.25: {digest: "sha256:…", resolved: "2026-11-21T08:30:00Z"}
//
// An image whose tag moved and whose new digest is not taken yet (`--cooldown`) also has
//
//     seen: {digest: "sha256:…", since: "2026-11-24T08:30:00Z"}
//
// A lock with such an image is written as pinhook.dev/v2, which readers before it refuse by its version; any other is
// written as pinhook.dev/v1. `seen` is read in both, since a merge of two branches may leave either version.
//
// The file is sorted and has one line for each image, so that two branches that lock different images merge without a
// conflict. Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/resolve/image_lock.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace pinhook::files {

enum class lock_format : std::uint8_t {
  pinhook,
  kbld,  // apiVersion imgpkg.carvel.dev/v1alpha1, kind ImagesLock; kbld's older kbld.k14s.io forms are read, too
};

struct lock_file {
  lock_format format = lock_format::pinhook;
  resolve::image_lock images;
};

/// Bytes of a lock file: a ConfigMap holds 1 MiB, some 6,000 images.
inline constexpr std::size_t max_lock_size = std::size_t{16} * 1024 * 1024;

/// Reads either format, by its kind. In an ImagesLock the tag comes from the annotation `kbld.carvel.dev/id` (else
/// `kbld.carvel.dev/origins`); an image without a tag is skipped.
/// malformed: "line 3, column 5: …"; an unknown kind or version, an unknown field, an invalid reference or one without
/// a tag, an invalid digest, a duplicate reference.
[[nodiscard]] result<lock_file> read_lock(std::string_view text);

/// read_lock() of the result is `lock`.
[[nodiscard]] std::string write_lock(const lock_file& lock);

}  // namespace pinhook::files
