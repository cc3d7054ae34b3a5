#include <pinhook/base/json_writer.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/base/utf8.hpp>
#include <pinhook/console/answer_parts.hpp>
#include <pinhook/console/answers.hpp>
#include <pinhook/fleet/report.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::console {
namespace {

using std::chrono::days;

// Of the first page.
constexpr std::size_t most_moves = 20;

void write_state(json::writer& to, const console_state& of, const visible_namespaces& visible) {
  to.key("console"), to.open_object();
  to.member("version", PINHOOK_VERSION);
  write_text(to, "origin", of.origin);
  to.key("namespaces"), to.open_array();
  for (const auto& one : of.namespaces)
    if (is_visible(visible, one)) to.string(valid_utf8(one));
  to.close_array();
  write_text(to, "selector", of.selector);
  write_time(to, "now", of.now);
  write_time(to, "started", of.started);
  to.key("complete"), to.boolean(of.is_complete);
  write_time(to, "behind_since", of.behind_since);
  to.key("troubles"), to.open_array();
  for (const auto& one : of.troubles)
    if (one.ns.empty() || is_visible(visible, one.ns)) to.string(valid_utf8(one.text));
  to.close_array();
  to.member("history", of.has_store ? "file" : "memory");
  to.key("demo"), to.boolean(of.is_demo);
  to.key("registries"), to.open_object();
  to.key("asked"), to.boolean(of.asks_registries);
  write_number(to, "references", of.references);
  write_number(to, "unasked", of.unasked);
  write_number(to, "failed", of.failed);
  to.close_object();
  to.key("signatures"), to.open_object();
  write_number(to, "images", of.signed_images);
  write_number(to, "unasked", of.unchecked);
  write_number(to, "failed", of.failed_checks);
  to.close_object();
  to.close_object();
}

struct tally {
  std::size_t images = 0, findings = 0, notes = 0;
  std::array<std::size_t, 5> written{};
  std::map<std::string, std::size_t, std::less<>> rules;
  std::map<std::string, std::size_t, std::less<>> modes;
  std::size_t mixed = 0, moved_version = 0, moved = 0, gone = 0, differs = 0, unresolvable = 0, unknown = 0;
  std::size_t workloads = 0;
};

constexpr std::array<fleet::written_class, 5> written_classes{
    fleet::written_class::pinned, fleet::written_class::tag, fleet::written_class::latest, fleet::written_class::no_tag,
    fleet::written_class::invalid};

tally tally_of(const fleet_view& of, const visible_namespaces& to) {
  tally out;
  for (const auto& [name, part] : of.namespaces)
    if (is_visible(to, name)) ++out.modes[part->mode];
  const fleet::row* before = nullptr;
  each_row(of, to, [&](const fleet::row& r) {
    ++out.images;
    ++out.written.at(static_cast<std::size_t>(r.written));
    if (r.is_mixed) ++out.mixed;
    if (r.moved == fleet::move::version_tag) ++out.moved_version;
    if (r.moved == fleet::move::bytes) ++out.moved;
    if (r.gone == true) ++out.gone;
    if (r.differs == true) ++out.differs;
    if (!r.unresolved.empty()) ++out.unresolvable;
    for (const auto& one : r.findings) {
      ++(one.level == pipeline::severity::note ? out.notes : out.findings);
      ++out.rules[one.rule];
    }
    // Rows of one workload follow each other.
    if (before == nullptr || before->owner != r.owner || before->ns != r.ns) ++out.workloads;
    before = &r;
  });
  return out;
}

void write_counts(json::writer& to, const fleet_view& of, const visible_namespaces& visible, const tally& all) {
  to.key("totals"), to.open_object();
  std::size_t namespaces = 0;
  for (const auto& [mode, count] : all.modes) namespaces += count;
  write_number(to, "namespaces", namespaces);
  write_number(to, "workloads", all.workloads);
  write_number(to, "images", all.images);
  write_number(to, "findings", all.findings);
  write_number(to, "notes", all.notes);
  to.close_object();
  to.key("written"), to.open_object();
  for (const auto one : written_classes)
    write_number(to, fleet::to_string(one), all.written.at(static_cast<std::size_t>(one)));
  to.close_object();
  to.key("modes"), to.open_object();
  for (const auto& [mode, count] : all.modes) write_number(to, mode, count);
  to.close_object();
  to.key("alarms"), to.open_object();
  write_number(to, "moved-version", all.moved_version);
  write_number(to, "gone", all.gone);
  write_number(to, "mixed", all.mixed);
  write_number(to, "differs", all.differs);
  write_number(to, "unresolvable", all.unresolvable);
  write_number(to, "moved", all.moved);
  to.close_object();
  to.key("namespaces"), to.open_array();
  for (const auto& [name, part] : of.namespaces) {
    if (!is_visible(visible, name)) continue;
    const fleet::namespace_counts& one = part->counts;
    to.open_object();
    write_text(to, "name", name);
    write_text(to, "mode", part->mode);
    for (const auto& [key, count] : {std::pair{"images", one.images},
                                     {"pinned", one.pinned},
                                     {"tag", one.tag},
                                     {"latest", one.latest},
                                     {"invalid", one.invalid},
                                     {"mixed", one.mixed},
                                     {"moved", one.moved},
                                     {"gone", one.gone},
                                     {"findings", one.findings}})
      write_number(to, key, count);
    to.close_object();
  }
  to.close_array();
}

void write_rule(json::writer& to, const pipeline::check_rule& one, const tally& all) {
  const auto found = all.rules.find(one.id);
  write_text(to, "rule", one.id);
  to.member("severity", pipeline::to_string(one.level));
  write_text(to, "title", one.title);
  write_text(to, "reason", one.reason);
  write_text(to, "help", one.help);
  write_number(to, "findings", found == all.rules.end() ? 0 : found->second);
}

void write_rules(json::writer& to, const fleet_view& of, const tally& all) {
  to.key("rules"), to.open_array();
  for (const pipeline::check_rule& one : of.rules) {
    to.open_object();
    write_rule(to, one, all);
    to.close_object();
  }
  to.close_array();
}

struct counted_exception {
  rule_exception shown;
  std::size_t rows = 0;
};

// The exceptions that are about namespaces of the viewer, without what they say of others.
std::vector<counted_exception> exceptions_of(const fleet_view& of, const visible_namespaces& to) {
  std::optional<std::vector<std::string>> names;
  if (to) {
    names.emplace();
    for (const auto& [name, part] : of.namespaces)
      if (is_visible(to, name)) names->push_back(name);
  }
  std::map<const rule_exception*, std::size_t> rows;
  for (const auto& [name, part] : of.namespaces)
    if (is_visible(to, name))
      for (const shown_row& one : part->rows)
        for (const auto& each : one.exceptions) ++rows[each.get()];
  std::vector<counted_exception> out;
  for (const auto& one : of.exceptions)
    if (auto seen = seen_exception(*one, names)) out.push_back({std::move(*seen), rows[one.get()]});
  return out;
}

void write_list(json::writer& to, std::string_view name, const std::vector<std::string>& all) {
  to.key(name), to.open_array();
  for (const auto& one : all) to.string(valid_utf8(one));
  to.close_array();
}

void write_exception(json::writer& to, const counted_exception& of) {
  to.open_object();
  write_text(to, "rule", of.shown.rule);
  write_text(to, "effect", of.shown.effect);
  write_list(to, "images", of.shown.images);
  write_list(to, "namespaces", of.shown.namespaces);
  write_list(to, "kinds", of.shown.kinds);
  write_list(to, "containers", of.shown.containers);
  write_list(to, "types", of.shown.types);
  write_number(to, "rows", of.rows);
  to.close_object();
}

// For each of the last days, the newest last, what was there at its end (today: now).
void write_trend(json::writer& to, const fleet_view& of, const visible_namespaces& visible, wall_time now) {
  const auto today = std::chrono::floor<days>(now);
  std::array<day_count, days_of_trend> all{};
  for (const auto& [name, one] : of.days) {
    if (!is_visible(visible, name)) continue;
    const auto part = days_until(*one, today);
    for (std::size_t i = 0; i < days_of_trend; ++i) {
      all.at(i).findings += part.at(i).findings;
      for (std::size_t c = 0; c < written_classes.size(); ++c) all.at(i).written.at(c) += part.at(i).written.at(c);
    }
  }
  to.key("trend"), to.open_array();
  for (std::size_t i = 0; i < days_of_trend; ++i) {
    to.open_object();
    to.member("day", timestamp_text(today - days(days_of_trend - 1 - i)).substr(0, 10));
    write_number(to, "findings", all.at(i).findings);
    to.key("written"), to.open_object();
    for (const auto one : written_classes)
      write_number(to, fleet::to_string(one), all.at(i).written.at(static_cast<std::size_t>(one)));
    to.close_object();
    to.close_object();
  }
  to.close_array();
}

// Of the rows that the viewer may see, so that no name of another's image is told.
void write_moves(json::writer& to, const fleet_view& of, const visible_namespaces& visible) {
  struct shown_move {
    const fleet::past_move* move;
    std::string tag;
    std::size_t rows = 0;
  };
  std::map<std::pair<std::string, wall_time>, shown_move> all;
  for (const auto& [name, part] : of.namespaces) {
    if (!is_visible(visible, name)) continue;
    for (const shown_row& one : part->rows)
      for (const fleet::past_move& move : one.row.moves) {
        std::string tag = fmt::format("{}:{}", one.repository, one.row.tag);
        auto& into = all[{tag, move.at}];
        into.move = &move;
        into.tag = std::move(tag);
        ++into.rows;
      }
  }
  std::vector<const shown_move*> newest;
  for (const auto& [key, one] : all) newest.push_back(&one);
  std::ranges::sort(newest, [](const shown_move* a, const shown_move* b) {
    return a->move->at != b->move->at ? a->move->at > b->move->at : a->tag < b->tag;
  });
  if (newest.size() > most_moves) newest.resize(most_moves);
  to.key("moves"), to.open_array();
  for (const shown_move* one : newest) {
    to.open_object();
    write_time(to, "at", one->move->at);
    write_text(to, "tag", one->tag);
    write_text(to, "before", one->move->before);
    write_text(to, "after", one->move->after);
    write_text(to, "change", one->move->change);
    write_number(to, "rows", one->rows);
    to.close_object();
  }
  to.close_array();
}

}  // namespace

std::string overview_answer(const fleet_view& of, const visible_namespaces& to, const console_state& state) {
  const tally all = tally_of(of, to);
  json::writer out;
  out.open_object();
  write_state(out, state, to);
  write_counts(out, of, to, all);
  write_rules(out, of, all);
  write_trend(out, of, to, state.now);
  write_moves(out, of, to);
  out.close_object();
  return std::move(out).text() + "\n";
}

std::string console_answer(const visible_namespaces& to, const console_state& state) {
  json::writer out;
  out.open_object();
  write_state(out, state, to);
  out.close_object();
  return std::move(out).text() + "\n";
}

std::string rules_answer(const fleet_view& of, const visible_namespaces& to) {
  const tally all = tally_of(of, to);
  const auto exceptions = exceptions_of(of, to);
  json::writer out;
  out.open_object();
  out.key("rules"), out.open_array();
  for (const pipeline::check_rule& one : of.rules) {
    out.open_object();
    write_rule(out, one, all);
    out.key("exceptions"), out.open_array();
    for (const counted_exception& each : exceptions)
      if (std::ranges::find(each.shown.from, one.id) != each.shown.from.end()) write_exception(out, each);
    out.close_array();
    out.close_object();
  }
  out.close_array();
  out.close_object();
  return std::move(out).text() + "\n";
}

}  // namespace pinhook::console
