// The file of `pinhook rules test`: images, their places, and the effects that the rules are expected to have on each.
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

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

/// The place where an image is judged: by the webhook when its object is created, or by `pinhook check`.
enum class judging_place : std::uint8_t { admission, file };

/// All effects of the rules on an image: others are not expected.
struct rule_expectation {
  /// Names of rules, sorted, each once.
  std::vector<std::string> deny, warn, audit;
  /// None: no rule orders one.
  std::optional<pin::pin_order> pin;
  std::optional<pin::pin_format> format;
  std::optional<pin::pull_policy_order> pull_policy;
  std::optional<std::chrono::nanoseconds> cooldown;
};

struct rule_case {
  registry::reference image;
  /// None: not known, so rules with `namespaces` do not match.
  std::optional<std::string> ns;
  /// Empty kind: not in an object, so rules with `kinds` do not match.
  std::string group, kind;
  std::string container;
  pin::container_type type = pin::container_type::container;
  /// As written; none: Kubernetes' default.
  std::optional<std::string> pull_policy;
  judging_place in = judging_place::admission;
  /// The verifiers that accept it, whatever is asked of them.
  std::vector<std::string> accepted_by;
  /// Its tag got other bytes.
  bool is_moved = false;
  /// Whether its digest can be found.
  bool resolves = true;
  rule_expectation expect;
  /// Its place in the file, both from 1.
  std::size_t line = 1;
  std::size_t column = 1;
};

/// A list of mappings with the keys image, namespace, kind ("apps/Deployment", or "Deployment" of a built-in group),
/// container, type, pull-policy, accepted-by, moved, in, resolves, expect (deny, warn, audit, pin, format, pullPolicy,
/// cooldown). A problem is an unknown key, an invalid value, a missing image or expectation, or an empty list.
[[nodiscard]] std::expected<std::vector<rule_case>, rules::rule_problem> read_rule_cases(const yaml::node& list);

/// The first expectation that names an unknown rule, with its place.
[[nodiscard]] std::optional<rules::rule_problem> find_unknown_rule(const rules::rule_set& rules,
                                                                   std::span<const rule_case> cases);

struct rule_case_report {
  /// A line for each case that fails, and a summary.
  std::string out;
  std::size_t failed = 0;
};

/// `file`: the name of the cases' file in these lines.
[[nodiscard]] rule_case_report try_rules(const rules::rule_set& rules, std::span<const rule_case> cases,
                                         std::string_view file);

}  // namespace pinhook::pipeline
