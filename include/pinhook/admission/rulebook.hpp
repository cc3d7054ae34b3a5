// All decisions of the operator about images, ready for use. One rulebook answers a request from its first byte to its
// last.
//
// Immutable once made; any thread.
#pragma once

#include <pinhook/pin/plan.hpp>
#include <pinhook/pin/pod_paths.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <optional>
#include <string>
#include <utility>

namespace pinhook::admission {

/// What rules mean for an image, said once for all images that get the same.
struct ruling {
  ruling(const rules::rule_set& rules, const rules::effects& decided);

  rules::effects effects;
  pin::slot_order order;
  /// There is one.
  bool has_order, has_demands;
  /// As rules::asks_verifiers and rules::demands_only_proofs.
  bool asks_verifiers, demands_only_proofs;
};

struct rulebook {
  /// Throws std::invalid_argument when a path of policy.kinds cannot be parsed; pin::parse_path says so beforehand.
  explicit rulebook(pin::policy p = {}, rules::rule_set r = {}, std::string h = {})
      : policy(std::move(p)), paths(policy.kinds), rules(std::move(r)), help(std::move(h)) {
    if (const rules::effects* e = rules.effects_of_all()) of_all.emplace(rules, *e);
  }

  pin::policy policy;
  pin::pod_paths paths;
  rules::rule_set rules;
  /// Where every image gets the same (rule_set::effects_of_all).
  std::optional<ruling> of_all;
  /// The setting `help`; resolve::fault_of_help finds no fault in it. Empty: none.
  std::string help;
  /// Of short names; null: Docker Hub's.
  pin::name_meaning meaning_of = {};
};

}  // namespace pinhook::admission
