// All decisions of the operator about images, ready for use. One rulebook answers a request from its first byte to its
// last.
//
// Immutable once made; any thread.
#pragma once

#include <pinhook/pin/plan.hpp>
#include <pinhook/pin/pod_paths.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <string>
#include <utility>

namespace pinhook::admission {

struct rulebook {
  /// Throws std::invalid_argument when a path of policy.kinds cannot be parsed; pin::parse_path says so beforehand.
  explicit rulebook(pin::policy p = {}, rules::rule_set r = {}, std::string h = {})
      : policy(std::move(p)), paths(policy.kinds), rules(std::move(r)), help(std::move(h)) {}

  pin::policy policy;
  pin::pod_paths paths;
  rules::rule_set rules;
  /// The setting `help`; resolve::fault_of_help finds no fault in it. Empty: none.
  std::string help;
  /// Of short names; null: Docker Hub's.
  pin::name_meaning meaning_of = {};
};

}  // namespace pinhook::admission
