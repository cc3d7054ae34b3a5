// The images of an object, its pod templates, and the limits of the search for them.
//
// Plain values; any thread. The views point into the text that was searched.
#pragma once

#include <pinhook/pin/slot.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pin {

/// Images of one object. The API server stores at most some 1.5 MB, a Pod of that size has a few dozen.
inline constexpr std::size_t max_slots = 1'000;

/// Nesting below which an object of an unknown kind is searched.
inline constexpr std::size_t max_search_depth = 200;

/// The keys of a pod spec that name its puller's credentials, as they are in the text; empty where the spec has no such
/// key. `read_identity` (pod_spec.hpp) decodes them.
struct pull_keys {
  std::string_view image_pull_secrets;
  std::string_view service_account_name;
  /// `serviceAccount`, the deprecated one.
  std::string_view service_account;
};

/// A part of an object whose change changes the containers that run: a pod template, a lone container, an image.
struct pod_template {
  /// JSON Pointer to it.
  std::string pointer;
  std::string_view text;
  /// Of its pod spec; empty for a part without one.
  pull_keys keys = {};
};

/// A tag that its operator takes no digest in, and which is no slot (operator_pin::spread).
struct left_tag {
  std::string pointer;
  std::string text;
  /// Of static storage.
  std::string_view reason;
};

struct found_slots {
  /// The number of slots that the search takes.
  std::size_t limit = max_slots;
  std::vector<slot> slots;
  /// In the order of the text.
  std::vector<pod_template> templates;
  std::vector<left_tag> left;
};

}  // namespace pinhook::pin
