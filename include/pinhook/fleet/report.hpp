// The output of `pinhook report`: rows as a table for people, JSON, SARIF, or one HTML page.
//
//   const report r{.rows = make_rows(…), .namespaces = state.namespaces, .rules = rules_of_report(checks)};
//   fmt::print("{}", write_report(report_format::json, r, {}));
//
// Pure; any thread. Texts of a cluster are made valid for each format: control characters, markup.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/fleet/row.hpp>
#include <pinhook/pipeline/check_rules.hpp>
#include <pinhook/store/observation.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::fleet {

enum class report_format : std::uint8_t { table, json, sarif, html, openreports };

/// "table", "json", "sarif", "html", "openreports".
[[nodiscard]] std::optional<report_format> parse_report_format(std::string_view text) noexcept;

struct report {
  std::vector<row> rows;
  /// Those of the report, also the ones without a row.
  std::map<std::string, namespace_state, std::less<>> namespaces;
  pipeline::rule_table rules;
  /// Of the API, by group: "v1" of "apps"; of those that were read.
  std::map<std::string, std::string, std::less<>> versions{};
  /// What could not be read, a line each.
  std::vector<std::string> troubles;
  /// Registries were asked.
  bool has_registry = false;
  /// The cluster, for a reader of the page: "kubeconfig /home/me/.kube/config, context \"dev\"".
  std::string origin;
  wall_time made_at{};
  /// Of a store, newest first: moves of tags, and findings with their end; of the time that is shown
  /// (report_history.hpp).
  std::vector<store::tag_move> moves{};
  std::vector<store::past_finding> past{};
};

struct report_options {
  /// table: rules in colour.
  bool has_colour = false;
};

[[nodiscard]] std::string write_report(report_format format, const report& r, const report_options& options);

/// A summary of namespaces, then a line for each finding: place, rule, image, what to do.
[[nodiscard]] std::string write_table(const report& r, const report_options& options);
/// An array of rows, one on each line, every one with all keys (docs/report.md).
[[nodiscard]] std::string write_json(const report& r);
/// SARIF 2.1.0; NAMESPACE/KIND/NAME stands where a file's path does.
[[nodiscard]] std::string write_sarif(const report& r);
/// One file without outside parts, scripts or forms, with a policy that forbids all three.
[[nodiscard]] std::string write_html(const report& r);

/// A List of Reports (policy_report.hpp).
[[nodiscard]] std::string write_openreports(const report& r);

/// One line of the summary.
struct namespace_counts {
  std::string name, mode;
  std::size_t images = 0;
  std::size_t pinned = 0;
  std::size_t tag = 0;
  /// latest and no-tag.
  std::size_t latest = 0;
  std::size_t invalid = 0;
  std::size_t mixed = 0;
  /// Bytes or a version's tag; a moved list is no news.
  std::size_t moved = 0;
  std::size_t gone = 0;
  /// Warnings and errors.
  std::size_t findings = 0;
};

/// By name.
[[nodiscard]] std::vector<namespace_counts> counts_of(const report& r);

struct report_totals {
  std::size_t namespaces = 0;
  std::size_t workloads = 0;
  std::size_t images = 0;
  std::size_t findings = 0;
  std::size_t notes = 0;
};

[[nodiscard]] report_totals totals_of(const report& r);

/// "3 findings, 1 note in 120 images of 40 workloads in 5 namespaces".
[[nodiscard]] std::string summary(const report_totals& t);

/// The fix of a finding as a sentence: "write nginx@sha256:…", "run kubectl rollout restart deployment/web -n shop".
[[nodiscard]] std::string to_do(const row_finding& f);

}  // namespace pinhook::fleet
