#include <pinhook/fleet/report_history.hpp>

#include <pinhook/base/printable.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace pinhook::fleet {
namespace {

// Rules that only a registry's answer can find.
constexpr std::array<std::string_view, 6> rules_of_registries{"moved", "moved-list",   "moved-version",
                                                              "gone",  "unresolvable", "running-differs"};

std::string change_of(const row& one) {
  if (one.moved == move::none || one.moved == move::unknown) return {};
  return std::string(to_string(one.moved));
}

// The canonical reference of the tag that is meant.
std::optional<std::string> tag_of(const row& one) {
  const auto written = registry::reference::parse(one.image);
  if (!written || one.tag.empty()) return std::nullopt;
  const auto tag = registry::reference::parse(fmt::format("{}:{}", written->written_name(), one.tag));
  return tag ? std::optional(tag->canonical()) : std::nullopt;
}

}  // namespace

store::observation observation_of(const report& r, const reading_scope& scope) {
  store::observation out{.cluster = scope.server, .at = r.made_at};
  std::set<std::string, std::less<>> tags;
  for (const row& one : r.rows) {
    store::seen_use seen{{one.ns, one.owner.to_string(), one.container, one.image}, {}};
    for (const row_finding& f : one.findings) seen.findings.push_back({f.rule, f.message});
    out.uses.push_back(std::move(seen));
    auto tag = tag_of(one);
    if (tag && one.tag_digest && tags.insert(*tag).second)
      out.tags.push_back({*std::move(tag), one.tag_digest->to_string(), change_of(one)});
  }
  // What was left out by a selector or could not be read has not ended.
  const bool is_partial = scope.has_selector || scope.unread.contains("");
  if (is_partial) {
    out.whole.emplace();
  } else if (!scope.namespaces.empty() || !scope.unread.empty()) {
    out.whole.emplace();
    for (const auto& [name, state] : r.namespaces)
      if (!scope.unread.contains(name)) out.whole->insert(name);
  }
  if (!r.has_registry || !scope.has_all_answers)
    out.unjudged.insert(rules_of_registries.begin(), rules_of_registries.end());
  return out;
}

void take_records(std::vector<row>& rows, const std::vector<store::record>& records) {
  for (std::size_t i = 0; i < std::min(rows.size(), records.size()); ++i) {
    rows[i].first_seen = records[i].first_seen;
    rows[i].last_seen = records[i].last_seen;
    for (row_finding& f : rows[i].findings) {
      const auto found = std::ranges::find(records[i].findings, f.rule, &store::finding_times::kind);
      if (found != records[i].findings.end()) f.first_seen = found->first_seen;
    }
  }
}

std::string history_table(const std::vector<store::tag_move>& moves, const std::vector<store::past_finding>& findings) {
  std::string out;
  for (const auto& one : moves)
    out += fmt::format("{}{}  {}  {} -> {}{}\n", out.empty() ? "\nMOVED TAGS\n" : "", timestamp_text(one.at),
                       printable(one.reference), registry::shorten_digest(one.before),
                       registry::shorten_digest(one.after), one.change.empty() ? "" : "  " + one.change);
  std::string resolved;
  for (const auto& one : findings)
    if (one.resolved)
      resolved += fmt::format("{}{}  {}  {}/{}  {}  {}  since {}\n", resolved.empty() ? "\nRESOLVED\n" : "",
                              timestamp_text(*one.resolved), printable(one.use.ns), printable(one.use.owner),
                              printable(one.use.container), printable(one.times.kind),
                              printable(registry::shorten_digest(one.use.image)), timestamp_text(one.times.first_seen));
  return out + resolved;
}

}  // namespace pinhook::fleet
