// Exceptions of the operator's rules: rules with `action: allow` or `pin: never`, the rules from which they take
// images, and the rows that they are about.
//
//   const exception_table table(checks);
//   shown.exceptions = table.of(shown.row);
//
// Pure; any thread.
#pragma once

#include <pinhook/fleet/row.hpp>
#include <pinhook/pipeline/check_rules.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::console {

struct rule_exception {
  /// Its name.
  std::string rule;
  /// "allow", "pin: never".
  std::string effect;
  /// What it is about, as it was written; an empty list is everything.
  std::vector<std::string> images, namespaces, kinds, containers, types;
  /// check_rule::id of the rules that it takes images from; not empty.
  std::vector<std::string> from;
};

using exception_list = std::vector<std::shared_ptr<const rule_exception>>;

class exception_table {
 public:
  explicit exception_table(const pipeline::file_checks& checks);

  /// In the order of the rules.
  [[nodiscard]] const exception_list& all() const { return all_; }
  /// Those by which an effect on the row's image is decided.
  [[nodiscard]] exception_list of(const fleet::row& one) const;

 private:
  const rules::rule_set set_;
  exception_list all_;
  // By the index of the rule, for each of the two effects.
  std::map<std::size_t, std::shared_ptr<const rule_exception>> allowing_, unpinned_;
};

/// The exception for those who may see `namespaces` (nothing: all) of the cluster: without the patterns that match none
/// of them. Nothing: it is only about others.
[[nodiscard]] std::optional<rule_exception> seen_exception(const rule_exception& of,
                                                           const std::optional<std::vector<std::string>>& namespaces);

}  // namespace pinhook::console
