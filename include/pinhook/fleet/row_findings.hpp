// The findings of one row, what opting in would do to it, and the rules about clusters.
//
// Pure; any thread.
#pragma once

#include <pinhook/fleet/row.hpp>
#include <pinhook/pipeline/check_rules.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/image_proofs.hpp>
#include <pinhook/rules/matcher.hpp>

#include <optional>
#include <string_view>

namespace pinhook::fleet {

struct row_question {
  /// Complete but for `findings` and `if_opted_in`, which are added.
  row& of;
  /// Nothing: the image is invalid.
  const std::optional<registry::reference>& ref;
  /// The tag reference that is meant; nothing: not known.
  const std::optional<registry::reference>& tag;
  /// What the workload's record says of the tag.
  const std::optional<registry::digest>& recorded;
  /// As written; empty: none.
  std::string_view pull_policy;
  const row_options& options;
  /// Registries were asked.
  bool has_facts = false;
};

void add_findings(const row_question& question);

/// The row's image and its place, for rules. Refers to both.
[[nodiscard]] rules::subject subject_of(const row& of, const registry::reference& ref);

/// Adds what the rules of `options` ask of verifiers about the row's image: the digest that is written, or the one that
/// the tag has now, as at the next admission.
void add_questions(const row& of, const row_options& options, rules::proof_requests& to);

/// pinhook's rules about clusters: mixed, running-differs, moved, moved-list, moved-version, gone, unresolvable.
[[nodiscard]] const pipeline::rule_table& cluster_rules();

/// Those rules behind the ones of `checks`.
[[nodiscard]] pipeline::rule_table rules_of_report(const pipeline::file_checks& checks);

}  // namespace pinhook::fleet
