// Rules in their order, compiled: for each effect the first rule that matches an image and has that effect. An index
// finds the few rules that can match, so that a thousand cost as little as a handful.
//
//   const auto set = rule_set::make(rules);
//   const effects e = set->effects_of({&ref, "shop", "apps", "Deployment", "web", pin::container_type::container});
//   const pin::slot_order o = set->order_of(e);
//
// Immutable; any thread. Copies share their content.
#pragma once

#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/matcher.hpp>
#include <pinhook/rules/rule.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pinhook::rules {

/// Rules of one set, those of presets included.
inline constexpr std::size_t max_rules = 5'000;

/// For each effect the index of the rule that decides it.
struct effects {
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t pin = none;
  std::uint32_t format = none;
  std::uint32_t pull_policy = none;
  std::uint32_t cooldown = none;
  /// By requirement. A rule with action allow decides, too.
  std::array<std::uint32_t, requirement_count> demands{none, none, none, none, none, none, none, none};

  friend bool operator==(const effects&, const effects&) = default;
};

/// A problem with rules, and its place.
struct rule_problem {
  std::size_t line = 0;
  std::size_t column = 0;
  std::string message;
};

class rule_set {
 public:
  /// No rules.
  rule_set();

  /// Presets become their rules; those of a preset that is listed twice have the same names. A problem: more than
  /// max_rules; a duplicate name, an unknown preset, a duplicate requirement in one rule; a rule of which some effect
  /// can never apply, because an earlier rule has the same effect and matches every image that it matches.
  [[nodiscard]] static std::expected<rule_set, rule_problem> make(std::vector<rule> written);

  /// These rules, followed by others, which are not checked for whether they can apply and are not in `written`.
  [[nodiscard]] rule_set followed_by(std::vector<rule> more) const;

  [[nodiscard]] effects effects_of(const subject& s) const;
  /// Those of every subject; null where they depend on it.
  [[nodiscard]] const effects* effects_of_all() const noexcept;
  /// The orders for pinning.
  [[nodiscard]] pin::slot_order order_of(const effects& e) const;
  [[nodiscard]] pin::slot_order order_of(const subject& s) const { return order_of(effects_of(s)); }

  /// The longest cooldown of a rule; none: no rule has one, or 0 alone.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> longest_cooldown() const;

  /// Every rule whose `images` match, in their order, regardless of its other conditions.
  [[nodiscard]] std::vector<std::uint32_t> matching(const registry::reference& ref) const;

  /// Another number for each set that is made, never 0; copies have the same. A key of what was found by these rules.
  [[nodiscard]] std::uint64_t id() const;
  [[nodiscard]] bool is_empty() const { return rules().empty(); }
  /// In their order; `effects` holds indexes into them. Presets are expanded.
  [[nodiscard]] std::span<const rule> rules() const;
  /// As they were written, presets as such.
  [[nodiscard]] std::span<const rule> written() const;

 private:
  struct parts;
  std::shared_ptr<const parts> parts_;
};

}  // namespace pinhook::rules
