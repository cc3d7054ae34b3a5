// Compares the pod templates of two objects, which decides if a rollout is happening anyway (README.md, rules 3.3
// and 3.4).
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/pin/find_slots.hpp>

#include <string_view>
#include <vector>

namespace pinhook::pin {

/// Deep equality: the same templates at the same places. Equal bytes are equal values and need no parsing; the API
/// server writes both objects with one encoder, so that is the common case. malformed: they must be parsed to compare,
/// and one is not valid JSON.
[[nodiscard]] result<bool> same_templates(const std::vector<pod_template>& a, const std::vector<pod_template>& b);

/// Deep equality of two JSON values: members in any order, the last of equal names counts.
[[nodiscard]] result<bool> same_value(std::string_view a, std::string_view b);

}  // namespace pinhook::pin
