// Finds rules that can never apply, because an earlier one has the same effect and matches every image that they match.
//
// Pure; any thread.
#pragma once

#include <pinhook/rules/matcher.hpp>
#include <pinhook/rules/rule.hpp>
#include <pinhook/rules/rule_index.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::rules {

/// Effects of a rule, one bit each: pin, format, pullPolicy, cooldown, then the requirements in their order.
using effect_bits = std::uint16_t;
inline constexpr effect_bits pin_effect = 1, format_effect = 2, pull_policy_effect = 4, cooldown_effect = 8;
[[nodiscard]] constexpr effect_bits effect_of(requirement r) {
  return static_cast<effect_bits>(16U << static_cast<unsigned>(r));
}
[[nodiscard]] effect_bits effects_in(const rule& r) noexcept;

/// A rule of which an effect can never apply, and the reason.
struct unreachable_rule {
  std::uint32_t rule = 0;
  /// The earlier rule.
  std::uint32_t by = 0;
  /// As it is written: "pin", "require: tag".
  std::string effect;
};

/// `rules`, `matchers` and `index` are about the same rules. `written`: the number of the written rule that each comes
/// from; a preset is only reported, at its first rule, when none of its rules can apply. The first one; none: all can.
[[nodiscard]] std::optional<unreachable_rule> find_unreachable_rule(std::span<const rule> rules,
                                                                    std::span<const matcher> matchers,
                                                                    const rule_index& index,
                                                                    std::span<const std::uint32_t> written);

}  // namespace pinhook::rules
