// Finds every image of an object in one forward pass over its text (README.md, 2).
//
// Pure; any thread. The views point into the text.
#pragma once

#include <pinhook/base/json_cursor.hpp>
#include <pinhook/pin/found_slots.hpp>
#include <pinhook/pin/pod_paths.hpp>
#include <pinhook/pin/slot.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pin {

/// Follows `places` from the object that `at` is in front of, member by member.
///
///   slot_finder finder(at, places, found);
///   for (at.enter_object(); at.next_key(key);) finder.take_member(key);
class slot_finder {
 public:
  slot_finder(json::cursor& at, std::span<const place> places, found_slots& out)
      : at_(at), places_(places), out_(out) {}

  /// Passes the value of the object's member `key`, and keeps the images found in it. A duplicate key on the way to an
  /// image, and more than max_slots images, make the cursor fail.
  void take_member(const json::string& key);

 private:
  using active = std::uint64_t;
  active members(active from, std::size_t depth, const json::string& key, active& seen);
  void follow(active from, std::size_t depth);
  void take(holding holds);

  json::cursor& at_;
  std::span<const place> places_;
  found_slots& out_;
  std::string pointer_;
  active seen_at_top_ = 0;
};

/// Searches the object that `at` is in front of, and passes it: every object with an array under `containers`,
/// `initContainers` or `ephemeralContainers` of which an element has a string `image` is taken for a pod spec. Not
/// searched: the object's own `metadata` (managedFields) and `status` (the state observed, not the one desired). Nested
/// deeper than max_search_depth: the cursor fails.
void search_pod_specs(json::cursor& at, found_slots& out);

/// True when two slots have the same pointer: some key on the way was a duplicate, and it is unknown which one counts.
[[nodiscard]] bool has_duplicate_pointers(const std::vector<slot>& slots);

}  // namespace pinhook::pin
