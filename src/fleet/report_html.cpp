#include <pinhook/base/printable.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/fleet/report.hpp>
#include <pinhook/registry/digest.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <map>
#include <numbers>
#include <utility>

namespace pinhook::fleet {
namespace {

// Texts of a cluster are written by anybody who may create an object there.
std::string markup(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// Nothing is loaded and nothing runs, whatever a text holds.
constexpr std::string_view head = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Images of a cluster</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1c2530;background:#fff}
h1{font-size:1.5rem;margin-bottom:0}h2{font-size:1.15rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d9dee4;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
code,pre{font:13px/1.45 ui-monospace,monospace}code{overflow-wrap:anywhere}
pre{background:#f4f6f8;padding:.5rem;margin:.3rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
mark{background:#ffe08a}
details{border-bottom:1px solid #d9dee4;padding:.3rem 0}summary{cursor:pointer;overflow-wrap:anywhere}
.error{color:#b3261e}.warning{color:#8a5a00}.note{color:#2b5fa8}.quiet{color:#5b6672}
.charts{display:flex;flex-wrap:wrap;gap:2rem}figure{margin:0;text-align:center}
@media(prefers-color-scheme:dark){body{color:#e3e8ee;background:#14191f}pre{background:#1f262e}th,td,details{border-color:#36404b}mark{background:#6b5300;color:inherit}
.error{color:#ff8a80}.warning{color:#f0b84d}.note{color:#8ab4f8}.quiet{color:#9aa5b1}}
</style>
</head>
<body>
)html";

struct share {
  std::string name;
  std::size_t count = 0;
  std::string_view colour;
};

// A ring whose parts are dashes of one circle each.
std::string donut(std::string_view title, const std::vector<share>& shares) {
  constexpr double radius = 40;
  constexpr double around = 2 * std::numbers::pi * radius;
  std::size_t total = 0;
  for (const share& one : shares) total += one.count;
  std::string rings, legend;
  double begin = 0;
  for (const share& one : shares) {
    if (one.count == 0) continue;
    const double length = around * static_cast<double>(one.count) / static_cast<double>(total);
    fmt::format_to(std::back_inserter(rings),
                   R"(<circle cx="60" cy="60" r="{:.0f}" fill="none" stroke="{}" stroke-width="22" )"
                   R"(stroke-dasharray="{:.3f} {:.3f}" stroke-dashoffset="{:.3f}"/>)",
                   radius, one.colour, length, around - length, -begin);
    begin += length;
    fmt::format_to(std::back_inserter(legend), "{}{} {}", legend.empty() ? "" : ", ", one.count, markup(one.name));
  }
  return fmt::format(
      R"(<figure><svg width="120" height="120" viewBox="0 0 120 120" role="img" aria-label="{0}: {2}">)"
      R"svg(<g transform="rotate(-90 60 60)">{1}</g><text x="60" y="66" text-anchor="middle" fill="currentColor">{3}</text>)svg"
      "</svg><figcaption>{0}<br><span class=\"quiet\">{2}</span></figcaption></figure>\n",
      markup(title), rings, legend.empty() ? "nothing" : legend, total);
}

std::string charts(const report& r) {
  constexpr std::string_view red = "#c8372d", amber = "#e0a100", green = "#3a8f4d", blue = "#3b78c4", grey = "#98a2ad";
  std::vector<share> written{
      {"pinned", 0, green}, {"tag", 0, amber}, {"latest or no tag", 0, red}, {"invalid", 0, grey}};
  std::vector<share> worst{{"errors", 0, red}, {"warnings", 0, amber}, {"notes", 0, blue}, {"no finding", 0, green}};
  for (const row& one : r.rows) {
    switch (one.written) {
      case written_class::pinned:
        ++written[0].count;
        break;
      case written_class::tag:
        ++written[1].count;
        break;
      case written_class::latest:
      case written_class::no_tag:
        ++written[2].count;
        break;
      case written_class::invalid:
        ++written[3].count;
        break;
    }
    if (one.findings.empty()) {
      ++worst[3].count;
      continue;
    }
    const auto level = std::ranges::max_element(one.findings, {}, &row_finding::level)->level;
    ++worst[level == pipeline::severity::error ? 0 : level == pipeline::severity::warning ? 1 : 2].count;
  }
  return "<div class=\"charts\">\n" + donut("How images are written", written) +
         donut("Images by worst finding", worst) + "</div>\n";
}

std::string namespaces_table(const report& r) {
  std::string out = "<h2>Namespaces</h2>\n<table><thead><tr><th>Namespace</th><th>Mode</th>";
  for (const std::string_view one : {"Images", "Pinned", "Tag", "Latest", "Mixed", "Moved", "Gone", "Findings"})
    fmt::format_to(std::back_inserter(out), "<th class=\"n\">{}</th>", one);
  out += "</tr></thead><tbody>\n";
  for (const namespace_counts& one : counts_of(r)) {
    fmt::format_to(std::back_inserter(out), "<tr><td>{}</td><td>{}</td>", markup(one.name), markup(one.mode));
    const auto number = [&out](std::size_t n, bool is_known = true) {
      fmt::format_to(std::back_inserter(out), "<td class=\"n\">{}</td>", is_known ? std::to_string(n) : "–");
    };
    number(one.images), number(one.pinned), number(one.tag), number(one.latest), number(one.mixed);
    number(one.moved, r.has_registry), number(one.gone, r.has_registry), number(one.findings);
    out += "</tr>\n";
  }
  return out + "</tbody></table>\n";
}

// The image in its place, as YAML shows it.
std::string evidence(const row& r) {
  std::string out = fmt::format("# {}, {}\n- name: {}\n  image: <mark>{}</mark>", markup(r.owner.to_string()),
                                markup(r.pointer), markup(r.container), markup(r.image));
  for (const running_digest& one : r.running)
    fmt::format_to(std::back_inserter(out), "\n# runs {} in {}, {} ready", markup(one.digest.to_string()),
                   counted_noun(one.pods, "Pod"), one.ready);
  if (r.unknown_pods > 0)
    fmt::format_to(std::back_inserter(out), "\n# {} whose runtime does not tell the digest",
                   counted_noun(r.unknown_pods, "Pod"));
  if (r.tag_digest)
    fmt::format_to(std::back_inserter(out), "\n# the tag {} has {}", markup(r.tag), markup(r.tag_digest->to_string()));
  return "<pre>" + out + "</pre>\n";
}

// "12 days"; of less than two days the hours.
std::string span_text(std::chrono::nanoseconds span) {
  const auto hours = std::chrono::floor<std::chrono::hours>(std::max(span, span.zero()));
  constexpr std::chrono::hours few{48};
  if (hours < few) return counted_noun(static_cast<std::size_t>(hours.count()), "hour");
  return counted_noun(static_cast<std::size_t>(std::chrono::floor<std::chrono::days>(hours).count()), "day");
}

std::string move_line(const past_move& one) {
  return fmt::format("{}: {} became {}{}", timestamp_text(one.at), one.before, one.after,
                     one.change.empty() ? "" : " (" + one.change + ")");
}

std::string history(const row& r, const row_finding& f, wall_time now) {
  std::string out;
  const auto add = [&out](std::string_view name, const std::optional<wall_time>& at) {
    if (at) out += fmt::format("{}{} {}", out.empty() ? "" : "; ", name, timestamp_text(*at));
  };
  if (f.first_seen) out = "in violation for " + span_text(now - *f.first_seen);
  add("since", f.first_seen);
  add("pinned before", r.pinned_at);
  add("image first seen", r.first_seen);
  add("last seen", r.last_seen);
  std::string lines = out.empty() ? out : fmt::format("<p class=\"quiet\">{}</p>\n", markup(out));
  for (const past_move& one : r.moves)
    fmt::format_to(std::back_inserter(lines), "<p class=\"quiet\">{} moved at {}</p>\n", markup(r.tag),
                   markup(move_line(one)));
  for (const resolved_finding& one : r.resolved)
    fmt::format_to(std::back_inserter(lines), "<p class=\"quiet\">{} of <code>{}</code> from {} to {}</p>\n",
                   markup(one.rule), markup(registry::shorten_digest(one.image)), timestamp_text(one.first_seen),
                   timestamp_text(one.resolved));
  return lines;
}

std::string entity(const row& r, const row_finding& f, wall_time now) {
  return fmt::format(
      "<details><summary><span class=\"{0}\">{0}</span> {1} <b>{2}</b> {3}: <code>{4}</code></summary>\n<p>{5}</p>\n{6}"
      "<p>To do:</p><pre>{7}</pre>\n{8}</details>\n",
      pipeline::to_string(f.level), markup(r.ns), markup(r.owner.to_string()), markup(r.container),
      markup(registry::shorten_digest(r.image)), markup(f.message), evidence(r), markup(f.fix), history(r, f, now));
}

std::string by_rule(const report& r) {
  std::map<std::string_view, std::vector<std::pair<const row*, const row_finding*>>> all;
  for (const row& one : r.rows)
    for (const row_finding& f : one.findings) all[f.rule].emplace_back(&one, &f);
  std::string out;
  for (const pipeline::check_rule& rule : r.rules) {
    const auto found = all.find(rule.id);
    if (found == all.end()) continue;
    fmt::format_to(std::back_inserter(out), "<h2>{} <span class=\"quiet\">({}, {})</span></h2>\n<p>{} {}</p>\n",
                   markup(rule.title), markup(rule.id), found->second.size(), markup(rule.reason), markup(rule.help));
    for (const auto& [one, f] : found->second) out += entity(*one, *f, r.made_at);
  }
  return out.empty() ? "<h2>No findings</h2>\n" : out;
}

std::string opting_in(const report& r) {
  std::string out;
  for (const row& one : r.rows) {
    if (!one.if_opted_in) continue;
    const what_if& w = *one.if_opted_in;
    fmt::format_to(std::back_inserter(out),
                   "<tr><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td><td>{}</td></tr>\n", markup(one.ns),
                   markup(one.owner.to_string()), markup(one.container), markup(w.is_denied ? one.image : w.becomes),
                   w.is_denied
                       ? fmt::format("<span class=\"error\">denied by {}</span>: {}", markup(w.rule), markup(w.reason))
                       : markup(w.reason));
  }
  if (out.empty()) return {};
  return "<h2>After opting "
         "in</h2>\n<table><thead><tr><th>Namespace</th><th>Workload</th><th>Container</th><th>Image</th>"
         "<th></th></tr></thead><tbody>\n" +
         out + "</tbody></table>\n";
}

// A table with this head; empty without rows.
std::string table_of(std::string_view title, std::string_view head_cells, const std::string& rows) {
  if (rows.empty()) return {};
  return fmt::format("<h2>{}</h2>\n<table><thead><tr>{}</tr></thead><tbody>\n{}</tbody></table>\n", title, head_cells,
                     rows);
}

std::string past(const report& r) {
  std::string moves, resolved;
  for (const store::tag_move& one : r.moves)
    fmt::format_to(
        std::back_inserter(moves),
        "<tr><td>{}</td><td><code>{}</code></td><td><code>{}</code><br><code>{}</code></td><td>{}</td></tr>\n",
        timestamp_text(one.at), markup(one.reference), markup(one.before), markup(one.after), markup(one.change));
  for (const store::past_finding& one : r.past)
    if (one.resolved)
      fmt::format_to(std::back_inserter(resolved),
                     "<tr><td>{}</td><td>{}</td><td>{} {}</td><td>{}</td><td><code>{}</code></td><td>{}</td></tr>\n",
                     timestamp_text(*one.resolved), markup(one.use.ns), markup(one.use.owner),
                     markup(one.use.container), markup(one.times.kind), markup(registry::shorten_digest(one.use.image)),
                     span_text(*one.resolved - one.times.first_seen));
  return table_of("Moved tags", "<th>Seen</th><th>Tag</th><th>Before and after</th><th></th>", moves) +
         table_of("Resolved",
                  "<th>Seen</th><th>Namespace</th><th>Workload</th><th>Rule</th><th>Image</th><th>After</th>",
                  resolved);
}

}  // namespace

std::string write_html(const report& r) {
  std::string out(head);
  fmt::format_to(std::back_inserter(out), "<h1>Images of a cluster</h1>\n<p class=\"quiet\">{}, {}</p>\n<p>{}</p>\n",
                 markup(r.origin), timestamp_text(r.made_at), markup(summary(totals_of(r))));
  if (!r.has_registry) out += "<p class=\"quiet\">No registry was asked: moved and gone images are not known.</p>\n";
  for (const std::string& one : r.troubles)
    fmt::format_to(std::back_inserter(out), "<p class=\"error\">Not read: {}</p>\n", markup(one));
  out += charts(r);
  out += namespaces_table(r);
  out += opting_in(r);
  out += by_rule(r);
  out += past(r);
  return out + "</body>\n</html>\n";
}

}  // namespace pinhook::fleet
