// The findings of one row, what opting in would do to it, and the rules about clusters.
//
// Pure; any thread.
#pragma once

#include <pinhook/fleet/row.hpp>
#include <pinhook/pipeline/check_rules.hpp>
#include <pinhook/registry/reference.hpp>

#include <optional>
#include <string_view>

namespace pinhook::fleet {

struct row_question {
  /// Complete but for `findings` and `if_opted_in`, which are added.
  row& of;
  /// Nothing: the image is invalid.
  const std::optional<registry::reference>& ref;
  /// As written; empty: none.
  std::string_view pull_policy;
  const row_options& options;
  /// Registries were asked.
  bool has_facts = false;
};

void add_findings(const row_question& question);

/// pinhook's rules about clusters: mixed, running-differs, moved, moved-list, moved-version, gone, unresolvable.
[[nodiscard]] const pipeline::rule_table& cluster_rules();

/// Those rules behind the ones of `checks`.
[[nodiscard]] pipeline::rule_table rules_of_report(const pipeline::file_checks& checks);

}  // namespace pinhook::fleet
