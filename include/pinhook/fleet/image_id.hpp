// The imageID in the status of a container: the image that runs, as the runtime of the node names it.
//
//   parse_image_id("docker.io/library/nginx@sha256:…")       // the digest of the index, or of one platform's manifest
//   parse_image_id("docker-pullable://nginx@sha256:…")       // the same, by dockershim and cri-dockerd
//   parse_image_id("sha256:…")                               // an image configuration: says nothing about a manifest
//
// Sources: kubernetes/kubernetes#115199, #108689, #46255 and #51017, containerd#12787, cri-o#9925: containerd gives
// name@digest, and the bare configuration for images that were imported; CRI-O gave the bare configuration after a
// restart. Pure; any thread.
#pragma once

#include <pinhook/registry/digest.hpp>

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pinhook::fleet {

enum class image_id_form : std::uint8_t {
  none,      // empty: the container has not started
  manifest,  // a digest that registries know
  unknown,   // anything else: nothing can be compared with it
};

struct image_id {
  image_id_form form = image_id_form::none;
  /// manifest: its digest.
  std::optional<registry::digest> digest;

  friend auto operator<=>(const image_id&, const image_id&) = default;
};

[[nodiscard]] image_id parse_image_id(std::string_view text);

}  // namespace pinhook::fleet
