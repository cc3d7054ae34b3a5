// The slots that an answer pins, and the patch that writes them.
//
// Pure; any thread.
#pragma once

#include <pinhook/admission/inquiry.hpp>
#include <pinhook/pin/recorded_pins.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace pinhook::admission {

struct pinned_slot {
  std::size_t slot = 0;
  std::string to;
  bool relaxes_pull_policy = false;
  /// A tag in another spelling of it.
  bool is_tag = false;
};

/// The JSON Patch that writes the slots, and the annotation of the recorded pins with the newest ones where the plan
/// may record; empty when there is nothing to write.
[[nodiscard]] std::string patch_of(const inquiry& about, std::span<const pinned_slot> pinned,
                                   std::vector<pin::recorded_pin> newest);

/// True when each image that is written is the one that oldObject has.
[[nodiscard]] bool are_as_before(const inquiry& about, std::span<const pinned_slot> pinned);

}  // namespace pinhook::admission
