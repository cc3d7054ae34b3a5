// The rules that match an image, as `pinhook explain` shows them. Pure; any thread.
#pragma once

#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace pinhook::pipeline {

/// A rule whose `images` match.
struct rule_match {
  std::string name;
  /// Its orders and demands: "pin: never", "require tag: deny".
  std::vector<std::string> effects;
  /// Its other conditions: "namespaces shop, team-*".
  std::vector<std::string> conditions;
  struct earlier_rule {
    /// "pin", "format", "pullPolicy", "tag".
    std::string effect;
    std::string rule;
    /// True: for this image in every place; false: where that rule's other conditions hold.
    bool is_always = false;
  };
  /// Rules before it that decide the same effect.
  std::vector<earlier_rule> instead;
};

/// In the order of the rules.
[[nodiscard]] std::vector<rule_match> find_rule_matches(const rules::rule_set& rules, const registry::reference& ref);

/// Lines for a person, each "rules       text"; empty when none matches.
[[nodiscard]] std::string to_lines(const std::vector<rule_match>& matches);

/// A JSON array of objects with the keys name, says, conditions, instead (of objects effect, rule, always).
[[nodiscard]] std::string to_json(const std::vector<rule_match>& matches);

}  // namespace pinhook::pipeline
