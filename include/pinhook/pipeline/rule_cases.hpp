// The file of `pinhook rules test`: images, where they stand, and what the rules are expected to say of each.
//
//   - {image: nginx, namespace: shop, kind: Deployment, container: web, expect: {deny: [no-latest], pin: never}}
//   - {image: "ghcr.io/acme/api:v2", expect: {}}
//
//   auto cases = read_rule_cases(*yaml::parse(text));
//   auto report = try_rules(rules, *cases, "rules-test.yaml");
//   // report.out: "rules-test.yaml:1:3: nginx: deny: want no-latest, is nothing (no-latest: no rule matches)\n…"
//
// Pure; any thread.
#pragma once

#include <pinhook/pin/policy.hpp>
#include <pinhook/pin/slot.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/rule_set.hpp>
#include <pinhook/yaml/document.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

/// Where an image is judged: as the webhook does when its object is created, or as `pinhook check` does.
enum class judging_place : std::uint8_t { admission, file };

/// All that rules say of an image, and nothing else.
struct rule_expectation {
  /// Names of rules, sorted, each once.
  std::vector<std::string> deny, warn, audit;
  /// None: no rule says.
  std::optional<pin::pin_order> pin;
  std::optional<pin::pin_format> format;
  std::optional<pin::pull_policy_order> pull_policy;
};

struct rule_case {
  registry::reference image;
  /// None: not known; rules with `namespaces` do not match.
  std::optional<std::string> ns;
  /// An empty kind: in no object; rules with `kinds` do not match.
  std::string group, kind;
  std::string container;
  pin::container_type type = pin::container_type::container;
  /// As written; none: Kubernetes' default.
  std::optional<std::string> pull_policy;
  judging_place in = judging_place::admission;
  /// Whether its digest can be found.
  bool resolves = true;
  rule_expectation expect;
  /// Where it stands, both from 1.
  std::size_t line = 1;
  std::size_t column = 1;
};

/// A list of mappings with the keys image, namespace, kind ("apps/Deployment", or "Deployment" of a built-in group),
/// container, type, pull-policy, in, resolves, expect (deny, warn, audit, pin, format, pullPolicy). A problem: another
/// key, a value that is none, no image or expectation, no cases at all.
[[nodiscard]] std::expected<std::vector<rule_case>, rules::rule_problem> read_rule_cases(const yaml::node& list);

/// An expectation that names no rule of the set: the first, where it stands.
[[nodiscard]] std::optional<rules::rule_problem> find_unknown_rule(const rules::rule_set& rules,
                                                                   std::span<const rule_case> cases);

struct rule_case_report {
  /// A line for each case that is not as expected, and a summary.
  std::string out;
  std::size_t failed = 0;
};

/// `file` is how lines call the file of the cases.
[[nodiscard]] rule_case_report try_rules(const rules::rule_set& rules, std::span<const rule_case> cases,
                                         std::string_view file);

}  // namespace pinhook::pipeline
