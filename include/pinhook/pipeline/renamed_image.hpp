// The other names that an image of a file has when it comes out of kustomizations, or of values laid over others.
//
// A value; any thread.
#pragma once

#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace pinhook::pipeline {

/// Another name that a kustomization, or values of Helm laid over others, give to an image of a file, or another image
/// to which an entry's digest is given.
struct renamed_image {
  /// As it comes out; none: the result is not a reference, or has a digest.
  std::optional<registry::reference> ref;
  std::string text;
  /// Path of the kustomization, or of the values.
  std::string by;
  /// The reason why no digest may be written, whatever the other image's is; empty: a digest of both may.
  std::string problem{};
  /// The other image has a tag or digest of its own, so that this one's is never used: `problem` says so.
  bool is_replaced = false;
  /// What to do where the digests differ, or about the problem; empty: pin it in the kustomization.
  std::string remedy{};
  /// Whether the image is used under this name is not known: a registry that does not give its digest fails no run.
  bool is_guess = false;
};
/// By the index of the slot; one for each name.
using renamed_images = std::multimap<std::size_t, renamed_image>;

}  // namespace pinhook::pipeline
