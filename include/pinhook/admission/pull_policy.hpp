// The imagePullPolicy that an image will have.
//
// Pure; any thread.
#pragma once

#include <pinhook/pin/plan.hpp>
#include <pinhook/pin/slot.hpp>
#include <pinhook/registry/reference.hpp>

#include <string_view>

namespace pinhook::admission {

inline constexpr std::string_view if_not_present = "IfNotPresent";

/// If the object has no policy, the API server derives it from the image after the patch: there it has no tag when the
/// digest took the tag's place. `pinned`: null when the slot is not pinned.
[[nodiscard]] std::string_view pull_policy_of(const pin::slot& s, const registry::reference& ref,
                                              const pin::decision* pinned);

}  // namespace pinhook::admission
