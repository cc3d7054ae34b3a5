// A path into an object, to an image, a container or a pod template.
//
//   spec.image                       a member of a member
//   spec.workers[*].image            of every element of an array
//   spec.tfReplicaSpecs{*}.template  of every value of a map
//
// Every step goes down exactly one level, so paths of one kind are followed side by side in a single pass.
// An immutable value; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pin {

/// Bytes of a path; no field of Kubernetes has a longer one.
inline constexpr std::size_t max_path_size = 256;

struct path_step {
  enum class kind : std::uint8_t { member, elements, values };
  kind type = kind::member;
  /// The member's name; empty for the others.
  std::string name;

  friend bool operator==(const path_step&, const path_step&) = default;
};

using path = std::vector<path_step>;

/// invalid_input: an empty part, a bracket other than `[*]` or `{*}`, a path into `metadata` (which holds no images),
/// or one longer than max_path_size; the message names the fault.
[[nodiscard]] result<path> parse_path(std::string_view text);

}  // namespace pinhook::pin
