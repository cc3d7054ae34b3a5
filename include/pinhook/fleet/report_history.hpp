// A report and the store of earlier ones (store/history.hpp): what a report gives to the store, and what it gets back.
//
//   auto records = history->add(observation_of(report, read, server));
//   take_records(report.rows, *records);
//
// Pure; any thread.
#pragma once

#include <pinhook/fleet/report.hpp>
#include <pinhook/store/observation.hpp>

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace pinhook::fleet {

/// How much of a cluster a report has read.
struct reading_scope {
  /// The address of the API server.
  std::string server;
  /// Empty: all.
  std::vector<std::string> namespaces = {};
  /// A selector leaves workloads out.
  bool has_selector = false;
  /// Namespaces of which a part could not be read; "": a part of all.
  std::set<std::string, std::less<>> unread = {};
  /// Every look-up had an answer. False: what registries say may be missing, and ends no finding.
  bool has_all_answers = true;
};

/// What was seen: the rows with their findings, and what each tag has now.
[[nodiscard]] store::observation observation_of(const report& r, const reading_scope& scope);

/// `records` has one for each row, in their order: first and last sight of the row and of its findings.
void take_records(std::vector<row>& rows, const std::vector<store::record>& records);

/// To each row the moves of its tag and the resolved findings of its container.
void add_history(std::vector<row>& rows, const std::vector<store::tag_move>& moves,
                 const std::vector<store::past_finding>& findings);

/// Puts what is known of earlier times into the report, and to each row the moves of its tag and its resolved findings.
void take_history(report& r, std::vector<store::tag_move> moves, std::vector<store::past_finding> findings);

/// How far back reports look.
inline constexpr std::chrono::hours shown_history{24 * 30};

}  // namespace pinhook::fleet
