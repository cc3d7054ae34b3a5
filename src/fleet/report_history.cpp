#include <pinhook/fleet/report_history.hpp>

#include <pinhook/registry/reference.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
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

store::image_use use_of(const row& one) { return {one.ns, one.owner.to_string(), one.container, one.image}; }

store::image_use container_of(store::image_use use) {
  use.image.clear();
  return use;
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
    store::seen_use seen{use_of(one), {}};
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

void add_history(std::vector<row>& rows, const std::vector<store::tag_move>& moves,
                 const std::vector<store::past_finding>& findings) {
  std::map<std::string_view, std::vector<const store::tag_move*>> by_tag;
  for (const auto& one : moves) by_tag[one.reference].push_back(&one);
  // By the container, since the pin that resolves a finding makes another image of it.
  std::map<store::image_use, std::vector<const store::past_finding*>> by_container;
  for (const auto& one : findings)
    if (one.resolved) by_container[container_of(one.use)].push_back(&one);
  for (row& one : rows) {
    if (const auto tag = tag_of(one))
      if (const auto found = by_tag.find(*tag); found != by_tag.end())
        for (const auto* move : found->second) one.moves.push_back({move->at, move->before, move->after, move->change});
    if (const auto found = by_container.find(container_of(use_of(one))); found != by_container.end())
      for (const auto* past : found->second)
        one.resolved.push_back({past->times.kind, past->use.image, past->times.first_seen, *past->resolved});
  }
}

void take_history(report& r, std::vector<store::tag_move> moves, std::vector<store::past_finding> findings) {
  add_history(r.rows, moves, findings);
  r.moves = std::move(moves);
  r.past = std::move(findings);
}

}  // namespace pinhook::fleet
