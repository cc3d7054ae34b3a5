// Rules from YAML, and back: the setting `rules` of the configuration file.
//
//   auto set = read_rules(*root->find("rules"));
//   if (!set) …                             // set.error(): line, column, "rules[2] (sidecars): pinn: not a key of a
//   rule; …" std::string yaml = write_rules(*set);   // one line, reads back as the same
//
// Pure; any thread.
#pragma once

#include <pinhook/rules/rule_set.hpp>
#include <pinhook/yaml/document.hpp>

#include <cstddef>
#include <expected>
#include <string>

namespace pinhook::rules {

/// A list of mappings with the keys name, images, namespaces, kinds, containers, types, pin, format, pullPolicy,
/// cooldown, require, action, message; or preset with the conditions. The lists may be one text. `require` is one
/// demand or a list of them: tag, not-latest, digest, {registry: […]}, {pull-policy: […]}. A rule without a name is
/// called by its place, counted from 1: "rule-3".
///
/// A problem, at the node with the fault: an unknown key (with a suggestion) or a wrong type; a rule
/// without any order or requirement; an action or message without `require`, or `require` without an action; a name
/// of pinhook's own (check_rules.hpp: invalid, no-tag, latest, unpinned, drift, unknown-tag); an impossible pattern;
/// all of rule_set::make.
[[nodiscard]] std::expected<rule_set, rule_problem> read_rules(const yaml::node& list);

[[nodiscard]] std::string write_rules(const rule_set& rules);

}  // namespace pinhook::rules
