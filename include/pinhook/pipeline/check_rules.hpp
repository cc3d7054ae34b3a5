// The rules of `pinhook check`: the faults that an image in a file can have, and the texts about each. pinhook's own
// rules are one table; the operator's rules precede those of pinhook that judge an image's reference.
//
//   const file_checks checks = checks_with(s.rules, "pinhook.yaml");
//   … check_file(…, {.checks = &checks}) …
//   fmt::print("{}", write_report(report_format::sarif, files, checks.table, {}));
//
// Values; any thread.
#pragma once

#include <pinhook/rules/rule_set.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

/// As SARIF's levels (2.1.0 §3.27.10). A note is for the reader's information: it makes no exit code.
enum class severity : std::uint8_t { note, warning, error };

/// "note", "warning", "error".
[[nodiscard]] std::string_view to_string(severity level) noexcept;

struct check_rule {
  /// Stable, since people filter and suppress by it.
  std::string id;
  severity level = severity::warning;
  /// A few words.
  std::string title;
  /// A sentence or two: why it matters.
  std::string reason;
  /// Markdown: the remedy.
  std::string help;
};

namespace rule_id {
inline constexpr std::string_view invalid = "invalid";
inline constexpr std::string_view number_tag = "number-tag";
inline constexpr std::string_view no_tag = "no-tag";
inline constexpr std::string_view latest = "latest";
inline constexpr std::string_view unpinned = "unpinned";
inline constexpr std::string_view drift = "drift";
inline constexpr std::string_view unknown_tag = "unknown-tag";
inline constexpr std::string_view unread = "unread";
}  // namespace rule_id

using rule_table = std::vector<check_rule>;

/// The rules of `rule_id`. Of no-tag, latest and unpinned only the first that applies is reported.
[[nodiscard]] const rule_table& built_in_rules();

/// Index in `rules`; none when there is no such rule. Linear.
[[nodiscard]] std::optional<std::size_t> find_rule(const rule_table& rules, std::string_view id);

/// The rules by which images of files are judged.
struct file_checks {
  static constexpr std::size_t no_row = std::numeric_limits<std::size_t>::max();

  /// The operator's, followed by no-tag, latest and unpinned as rules, so that an exception suppresses these, too.
  rules::rule_set set;
  /// Index in set.rules() of pinhook's first rule.
  std::size_t first_own = 0;
  /// pinhook's rules, then each rule of the operator that demands something.
  rule_table table;
  /// For each index in set.rules() the index in `table`, or no_row.
  std::vector<std::size_t> rows;

  /// True for a rule of pinhook.
  [[nodiscard]] bool is_own(std::size_t rule) const { return rule >= first_own; }
};

/// `file`: the path of the configuration file, for the help of the operator's rules; empty: not known.
[[nodiscard]] file_checks checks_with(const rules::rule_set& of_operator, std::string_view file = {});

/// pinhook's rules alone.
[[nodiscard]] const file_checks& own_checks();

/// deny → error, warn → warning, audit (and allow, which is never reported) → note.
[[nodiscard]] severity severity_of(rules::action a) noexcept;

}  // namespace pinhook::pipeline
