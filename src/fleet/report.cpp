#include <pinhook/fleet/report.hpp>

#include <pinhook/base/json_writer.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/base/wrapped_text.hpp>
#include <pinhook/fleet/history_table.hpp>
#include <pinhook/pipeline/check_report.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/rules/rule.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>
#include <utility>

namespace pinhook::fleet {
namespace {

constexpr std::array<std::pair<std::string_view, report_format>, 5> report_formats{
    {{"table", report_format::table},
     {"json", report_format::json},
     {"sarif", report_format::sarif},
     {"html", report_format::html},
     {"openreports", report_format::openreports}}};

// Limit of a column; a wider text stays whole and pushes the rest of its line to the right.
constexpr std::size_t widest_column = 48;

std::string cell(std::string text, std::size_t columns) {
  const std::size_t used = columns_of(text);
  if (used < columns) text.append(columns - used, ' ');
  return text;
}

using line = std::vector<std::string>;

// Columns side by side, two blanks apart; the last one is not filled up.
std::string aligned(const std::vector<line>& lines) {
  std::vector<std::size_t> columns;
  for (const line& one : lines) {
    columns.resize(std::max(columns.size(), one.size()));
    for (std::size_t i = 0; i < one.size(); ++i)
      if (const auto w = columns_of(one[i]); w <= widest_column) columns[i] = std::max(columns[i], w);
  }
  std::string out;
  for (const line& one : lines) {
    for (std::size_t i = 0; i < one.size(); ++i)
      out += i + 1 == one.size() ? one[i] + "\n" : cell(one[i], columns[i]) + "  ";
  }
  return out;
}

std::string coloured(pipeline::severity level, std::string text, bool has_colour) {
  constexpr std::array<std::string_view, 3> codes{"\x1b[36m", "\x1b[33m", "\x1b[31m"};
  if (!has_colour) return text;
  return fmt::format("{}{}\x1b[0m", codes[static_cast<std::size_t>(level)], text);
}

// "–" where registries were not asked.
std::string asked_count(std::size_t n, bool has_registry) { return has_registry ? std::to_string(n) : "-"; }

class json_rows {
 public:
  std::string text(const std::vector<row>& rows) {
    std::string out = "[";
    for (const row& one : rows) {
      out += out.size() == 1 ? "\n  " : ",\n  ";
      out += text(one);
    }
    return out + (rows.empty() ? "]\n" : "\n]\n");
  }

 private:
  static std::string text(const row& r) {
    json::writer to;
    to.open_object();
    to.member("namespace", r.ns);
    to.member("owner", r.owner.to_string());
    to.member("group", r.owner.group);
    to.member("container", r.container);
    to.member("type", rules::to_string(r.type));
    to.member("image", r.image);
    to.member("written", to_string(r.written));
    to.key("in_workload"), to.boolean(r.is_in_workload);
    to.member("mode", r.mode);
    to.key("pods"), to.number(std::uint64_t{r.pods});
    to.key("running"), to.open_array();
    for (const running_digest& one : r.running) to.string(one.digest.to_string());
    to.close_array();
    to.key("unknown_pods"), to.number(std::uint64_t{r.unknown_pods});
    to.key("mixed"), to.boolean(r.is_mixed);
    maybe(to, "differs", r.differs);
    member_or_null(to, "tag", r.tag);
    member_or_null(to, "tag_digest", r.tag_digest ? r.tag_digest->to_string() : "");
    to.member("moved", to_string(r.moved));
    maybe(to, "gone", r.gone);
    member_or_null(to, "unresolved", r.unresolved);
    time(to, "pinned_at", r.pinned_at);
    what_if_of(to, r);
    findings_of(to, r);
    time(to, "first_seen", r.first_seen);
    time(to, "last_seen", r.last_seen);
    history_of(to, r);
    to.close_object();
    return std::move(to).text();
  }

  static void maybe(json::writer& to, std::string_view name, std::optional<bool> value) {
    to.key(name);
    if (value)
      to.boolean(*value);
    else
      to.null();
  }

  static void member_or_null(json::writer& to, std::string_view name, std::string_view text) {
    to.key(name);
    if (text.empty())
      to.null();
    else
      to.string(text);
  }

  static void time(json::writer& to, std::string_view name, const std::optional<wall_time>& at) {
    member_or_null(to, name, at ? timestamp_text(*at) : "");
  }

  static void history_of(json::writer& to, const row& r) {
    to.key("moves"), to.open_array();
    for (const past_move& one : r.moves) {
      to.open_object();
      time(to, "at", one.at);
      to.member("before", one.before);
      to.member("after", one.after);
      member_or_null(to, "change", one.change);
      to.close_object();
    }
    to.close_array();
    to.key("resolved"), to.open_array();
    for (const resolved_finding& one : r.resolved) {
      to.open_object();
      to.member("rule", one.rule);
      to.member("image", one.image);
      time(to, "first_seen", one.first_seen);
      time(to, "resolved", one.resolved);
      to.close_object();
    }
    to.close_array();
  }

  static void what_if_of(json::writer& to, const row& r) {
    to.key("what_if");
    if (!r.if_opted_in) {
      to.null();
      return;
    }
    to.open_object();
    to.key("denied"), to.boolean(r.if_opted_in->is_denied);
    member_or_null(to, "rule", r.if_opted_in->rule);
    to.member("becomes", r.if_opted_in->becomes);
    member_or_null(to, "reason", r.if_opted_in->reason);
    to.close_object();
  }

  static void findings_of(json::writer& to, const row& r) {
    to.key("findings"), to.open_array();
    for (const row_finding& one : r.findings) {
      to.open_object();
      to.member("rule", one.rule);
      to.member("severity", pipeline::to_string(one.level));
      to.member("message", one.message);
      to.member("fix", one.fix);
      to.member("fix_kind", rules::to_string(one.kind));
      time(to, "first_seen", one.first_seen);
      to.close_object();
    }
    to.close_array();
  }
};

std::string what_if_line(const row& r) {
  const what_if& w = *r.if_opted_in;
  if (w.is_denied) return fmt::format("denied by {}: {}", w.rule, w.reason);
  if (w.becomes != r.image) return fmt::format("becomes {}{}{}", w.becomes, w.reason.empty() ? "" : ": ", w.reason);
  return w.reason.empty() ? "stays" : "stays: " + w.reason;
}

}  // namespace

std::optional<report_format> parse_report_format(std::string_view text) noexcept {
  for (const auto& [name, format] : report_formats)
    if (name == text) return format;
  return std::nullopt;
}

std::string to_do(const row_finding& f) {
  if (f.kind == rules::fix_kind::text) return "write " + f.fix;
  if (f.kind == rules::fix_kind::command) return "run " + f.fix;
  return f.fix;
}

std::vector<namespace_counts> counts_of(const report& r) {
  std::map<std::string, namespace_counts, std::less<>> all;
  for (const auto& [name, state] : r.namespaces) {
    const auto mode = state.mode();
    all[name] = {.name = name,
                 .mode = !state.was_read ? "unknown"
                         : mode          ? std::string(pin::to_string(*mode))
                                         : "none"};
  }
  for (const row& one : r.rows) {
    auto& to = all[one.ns];
    to.name = one.ns;
    to.mode = one.mode;
    ++to.images;
    switch (one.written) {
      case written_class::pinned:
        ++to.pinned;
        break;
      case written_class::tag:
        ++to.tag;
        break;
      case written_class::latest:
      case written_class::no_tag:
        ++to.latest;
        break;
      case written_class::invalid:
        ++to.invalid;
        break;
    }
    if (one.is_mixed) ++to.mixed;
    if (one.moved == move::bytes || one.moved == move::version_tag) ++to.moved;
    if (one.gone == true) ++to.gone;
    to.findings += static_cast<std::size_t>(
        std::ranges::count_if(one.findings, [](const auto& f) { return f.level != pipeline::severity::note; }));
  }
  std::vector<namespace_counts> out;
  out.reserve(all.size());
  for (auto& [name, one] : all) out.push_back(std::move(one));
  return out;
}

report_totals totals_of(const report& r) {
  report_totals out;
  out.namespaces = r.namespaces.size();
  std::set<object_id> workloads;
  for (const row& one : r.rows) {
    workloads.insert(one.owner);
    ++out.images;
    for (const row_finding& f : one.findings) ++(f.level == pipeline::severity::note ? out.notes : out.findings);
  }
  out.workloads = workloads.size();
  return out;
}

std::string summary(const report_totals& t) {
  std::string out = t.findings == 0 ? "no findings" : counted_noun(t.findings, "finding");
  if (t.notes > 0) out += fmt::format(", {}", counted_noun(t.notes, "note"));
  return fmt::format("{} in {} of {} in {}", out, counted_noun(t.images, "image"),
                     counted_noun(t.workloads, "workload"), counted_noun(t.namespaces, "namespace"));
}

std::string write_table(const report& r, const report_options& options) {
  std::vector<line> lines{
      {"NAMESPACE", "MODE", "IMAGES", "PINNED", "TAG", "LATEST", "MIXED", "MOVED", "GONE", "FINDINGS"}};
  for (const namespace_counts& one : counts_of(r))
    lines.push_back({printable(one.name), printable(one.mode), std::to_string(one.images), std::to_string(one.pinned),
                     std::to_string(one.tag), std::to_string(one.latest), std::to_string(one.mixed),
                     asked_count(one.moved, r.has_registry), asked_count(one.gone, r.has_registry),
                     std::to_string(one.findings)});
  std::string out = aligned(lines);
  lines.clear();
  for (const row& one : r.rows) {
    const line place{printable(one.ns), printable(fmt::format("{}/{}", one.owner.to_string(), one.container)),
                     printable(registry::shorten_digest(one.image))};
    for (const row_finding& f : one.findings)
      lines.push_back({place[0], place[1], coloured(f.level, printable(f.rule), options.has_colour), place[2],
                       printable(to_do(f))});
    if (one.if_opted_in)
      lines.push_back({place[0], place[1], coloured(pipeline::severity::note, "what-if", options.has_colour), place[2],
                       printable(what_if_line(one))});
  }
  if (!lines.empty()) out += "\n" + aligned(lines);
  return out + history_table(r.moves, r.past);
}

std::string write_json(const report& r) { return json_rows().text(r.rows); }

std::string write_sarif(const report& r) {
  pipeline::checked_files files;
  for (const row& one : r.rows) {
    const std::string path = fmt::format("{}/{}", one.ns, one.owner.to_string());
    if (files.empty() || files.back().path != path) files.emplace_back().path = path;
    pipeline::checked_file& to = files.back();
    ++to.image_count;
    for (const row_finding& f : one.findings) {
      pipeline::finding out;
      out.rule = f.rule;
      out.level = f.level;
      out.path = path;
      out.pointer = one.pointer;
      out.object = one.owner.to_string();
      out.name = one.container;
      out.image = one.image;
      out.message = f.message;
      out.fix = f.fix;
      out.kind = f.kind;
      to.findings.push_back(std::move(out));
    }
  }
  for (const std::string& trouble : r.troubles) {
    auto& bad = files.emplace_back();
    bad.path = "cluster";
    bad.fault = trouble;
  }
  return pipeline::write_sarif(files, r.rules, {.is_complete = r.troubles.empty()});
}

std::string write_report(report_format format, const report& r, const report_options& options) {
  switch (format) {
    case report_format::table:
      return write_table(r, options);
    case report_format::json:
      return write_json(r);
    case report_format::sarif:
      return write_sarif(r);
    case report_format::html:
      return write_html(r);
    case report_format::openreports:
      return write_openreports(r);
  }
  return {};
}

}  // namespace pinhook::fleet
