// The rules that match an image, and what they make of its signatures, as `pinhook explain` shows them. Pure; any
// thread.
#pragma once

#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/proof.hpp>
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

/// What a rule that demands signatures makes of an image.
struct rule_verdict {
  std::string rule;
  rules::judgement::state is = rules::judgement::state::met;
  /// "met", "not signed by acme: no signature was found", "unknown: registry ghcr.io did not answer".
  std::string text;
};

/// What the rules that match `ref` ask of verifiers, whatever their other conditions are.
[[nodiscard]] std::vector<rules::proof_question> questions_about(const rules::rule_set& rules,
                                                                 const registry::reference& ref);

/// In the order of the rules that match and demand signatures.
[[nodiscard]] std::vector<rule_verdict> find_rule_verdicts(const rules::rule_set& rules, const registry::reference& ref,
                                                           const rules::proofs& answers);

/// Lines for a person, each "signatures  own: met".
[[nodiscard]] std::string to_lines(const std::vector<rule_verdict>& verdicts);

/// A JSON array of objects with the keys rule, result ("met", "broken", "unknown") and message.
[[nodiscard]] std::string to_json(const std::vector<rule_verdict>& verdicts);

}  // namespace pinhook::pipeline
