// A slot: the place of one image reference in an object. Its fellow in files is files::slot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pinhook::pin {

enum class container_type : std::uint8_t { container, init_container, ephemeral_container, image_volume, other };

/// What stands at the pointer of a slot, and so what a pin writes there.
enum class slot_value : std::uint8_t {
  image,          // the reference
  tag,            // that of an image in parts: "1.25@sha256:…"
  digest_or_tag,  // the tag or, in its place, the digest: "sha256:…" (operator_images.hpp)
  digest,         // "sha256:…", beside the tag
  hex_digest,     // the same without its algorithm
};

struct slot {
  /// JSON Pointer (RFC 6901) to the string that a pin changes: "/spec/template/spec/containers/0/image"; of an image in
  /// parts to its tag or digest.
  std::string pointer;
  /// The image: the string at that place, decoded; of an image in parts all of them, put together.
  std::string image;
  /// The container's (or volume's) name; empty when it has none.
  std::string container;
  container_type type = container_type::other;
  /// Index in found_slots::templates: the part of the object that holds it.
  std::size_t pod = 0;
  /// The value of imagePullPolicy beside it (of an image volume: pullPolicy), and the JSON Pointer to that; both empty
  /// when there is no string.
  std::string pull_policy = {};
  std::string pull_policy_pointer = {};
  /// True for a text that only looks like an image, found by the name of its key (search_keys.hpp): when its registry
  /// does not know it, it is left as it is.
  bool is_guess = false;
  slot_value value = slot_value::image;
  /// The reason for which its operator takes no digest here (operator_images.hpp); empty: none. Of static storage.
  std::string_view obstacle = {};

  friend bool operator==(const slot&, const slot&) = default;
};

}  // namespace pinhook::pin
