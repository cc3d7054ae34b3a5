#include <pinhook/pipeline/check_report.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/registry/digest.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

namespace pinhook::pipeline {
namespace {

constexpr std::array<std::pair<std::string_view, report_format>, 5> formats{{{"table", report_format::table},
                                                                             {"json", report_format::json},
                                                                             {"sarif", report_format::sarif},
                                                                             {"junit", report_format::junit},
                                                                             {"github", report_format::github}}};

// Limit of a column of the table; a wider text stays whole and pushes the rest of its line to the right.
constexpr std::size_t max_column = 56;

// Limit in bytes of an image, which has 709 at most with tag and digest, and of any other text: a suggested line with
// the longest image is not cut.
constexpr std::size_t max_shown = 1'024;

std::string shown(std::string_view text) { return cut(printable(text), max_shown); }

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

std::string padded(std::string text, std::size_t columns) {
  const auto used = width(text);
  if (used < columns) text.append(columns - used, ' ');
  return text;
}

std::string_view colour_of(severity level) {
  constexpr std::array<std::string_view, 3> codes{"\x1b[36m", "\x1b[33m", "\x1b[31m"};
  return codes[static_cast<std::size_t>(level)];
}

std::string place_of(const finding& f) {
  return fmt::format("{}:{}:{}", f.path == "-" ? "stdin" : cut_middle(printable(f.path), max_shown), f.line, f.column);
}

std::string image_of(const finding& f) { return cut_middle(printable(registry::shorten_digest(f.image)), max_shown); }

// The fix, after the operator's words for the people who read the table.
std::string advice_of(const finding& f) {
  return f.rule_message.empty() ? to_do(f) : fmt::format("{}; {}", f.rule_message, to_do(f));
}

// An argument without an image, as a finding about the path.
finding finding_of(const std::string& path, const report_options& options) {
  finding out;
  out.rule = no_image_rule;
  out.level = options.empty.is_error ? severity::error : severity::note;
  out.path = path;
  out.message = "no image found";
  out.fix = std::string(no_image_advice);
  return out;
}

void append_json(std::string& out, const finding& f) {
  const auto text = [&out](std::string_view key, std::string_view value) {
    fmt::format_to(std::back_inserter(out), "\"{}\": ", key);
    json::append_string(out, value);
    out += ", ";
  };
  out += '{';
  text("rule", f.rule);
  text("severity", to_string(f.level));
  text("path", f.path);
  fmt::format_to(std::back_inserter(out), "\"document\": {}, \"line\": {}, \"column\": {}, \"end_column\": {}, ",
                 f.document, f.line, f.column, f.end_column);
  text("pointer", f.pointer);
  text("object", f.object);
  text("name", f.name);
  text("image", f.image);
  text("message", f.message);
  text("fix", f.fix);
  text("fix_kind", to_string(f.kind));
  out.resize(out.size() - 2);
  out += '}';
}

// actions/toolkit, escapeData and escapeProperty; ends of lines are written `\x0a` before it.
std::string escaped(std::string_view text, bool is_property) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '%' || (is_property && (c == ':' || c == ',')))
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

std::string_view workflow_command(severity level) {
  constexpr std::array<std::string_view, 3> names{"notice", "warning", "error"};
  return names[static_cast<std::size_t>(level)];
}

}  // namespace

std::optional<report_format> parse_report_format(std::string_view text) noexcept {
  for (const auto& [name, format] : formats)
    if (name == text) return format;
  return std::nullopt;
}

std::string write_table(const checked_files& files, const report_options& options) {
  std::array<std::size_t, 3> columns{};
  const auto measure = [&columns](std::size_t i, const std::string& text) {
    const auto w = width(text);
    if (w <= max_column) columns[i] = std::max(columns[i], w);
  };
  const auto each = [&](auto use) {
    for (const auto& file : files) {
      for (const auto& f : file.findings) use(f);
      if (options.is_verbose)
        for (const auto& f : file.unread) use(f);
    }
  };
  each([&](const finding& f) {
    measure(0, place_of(f));
    measure(1, shown(f.rule));
    measure(2, image_of(f));
  });
  std::string out;
  each([&](const finding& f) {
    auto name = padded(shown(f.rule), columns[1]);
    if (options.has_colour) name = fmt::format("{}{}\x1b[0m", colour_of(f.level), name);
    fmt::format_to(std::back_inserter(out), "{}  {}  {}  {}\n", padded(place_of(f), columns[0]), name,
                   padded(image_of(f), columns[2]), shown(advice_of(f)));
  });
  return out;
}

std::string write_json(const checked_files& files, const report_options& options) {
  std::string out = "[";
  bool is_first = true;
  const auto add = [&](const finding& f) {
    out += is_first ? "\n  " : ",\n  ";
    append_json(out, f);
    is_first = false;
  };
  for (const auto& path : options.empty.paths) add(finding_of(path, options));
  for (const auto& file : files)
    for (const auto* list : {&file.findings, &file.unread})
      for (const auto& f : *list) add(f);
  return out + (is_first ? "]\n" : "\n]\n");
}

std::string path_from(const std::string& directory, const std::string& path) {
  if (path == "-") return "stdin";
  const auto base = std::filesystem::path(directory).lexically_normal();
  const auto whole = (base / path).lexically_normal();
  const auto relative = whole.lexically_relative(base);
  return relative.empty() || *relative.begin() == ".." ? whole.string() : relative.string();
}

std::string write_github(const checked_files& files, const rule_table& rules, const report_options& options) {
  std::map<std::string_view, const check_rule*> by_id;
  for (const check_rule& one : rules) by_id.emplace(one.id, &one);
  std::string out;
  if (const auto& empty = options.empty; !empty.paths.empty())
    fmt::format_to(std::back_inserter(out), "::{} title=pinhook%3A no image::{}. To do: {}\n",
                   workflow_command(empty.is_error ? severity::error : severity::warning),
                   escaped(shown(empty.message), false), no_image_advice);
  for (const auto& file : files) {
    const auto where = file.path == "-"
                           ? std::string()
                           : fmt::format("file={},", escaped(path_from(options.directory, file.path), true));
    if (!file.fault.empty())
      fmt::format_to(std::back_inserter(out), "::error {}title=pinhook%3A cannot be read::{}\n", where,
                     escaped(shown(file.fault), false));
    for (const auto& f : file.findings) {
      const auto row = by_id.find(f.rule);
      const auto title = fmt::format("pinhook: {}", row != by_id.end() ? row->second->title : f.rule);
      fmt::format_to(std::back_inserter(out), "::{} {}line={},col={},endColumn={},title={}::{}\n",
                     workflow_command(f.level), where, f.line, f.column, f.end_column, escaped(title, true),
                     escaped(shown(fmt::format("{}. To do: {}", f.message, to_do(f))), false));
    }
  }
  return out;
}

std::string write_report(report_format format, const checked_files& files, const rule_table& rules,
                         const report_options& options) {
  switch (format) {
    case report_format::table:
      return write_table(files, options);
    case report_format::json:
      return write_json(files, options);
    case report_format::sarif:
      return write_sarif(files, rules, options);
    case report_format::junit:
      return write_junit(files, options);
    case report_format::github:
      return write_github(files, rules, options);
  }
  return {};
}

check_totals totals_of(const checked_files& files) {
  check_totals out;
  for (const auto& file : files) {
    ++out.files;
    if (!file.fault.empty()) ++out.faults;
    out.images += file.image_count;
    for (const auto& [reason, count] : file.left) out.left[reason] += count;
    const auto notes = static_cast<std::size_t>(std::ranges::count(file.findings, severity::note, &finding::level));
    out.notes += notes;
    out.unread += file.unread.size();
    out.unchecked += file.unchecked;
    out.findings += file.findings.size() - notes;
    if (file.findings.size() > notes) ++out.files_with_findings;
  }
  return out;
}

std::string summary(const check_totals& t) {
  std::string out = t.findings == 0 ? fmt::format("no findings in {}", counted_noun(t.files, "file"))
                                    : fmt::format("{} in {} of {}", counted_noun(t.findings, "finding"),
                                                  t.files_with_findings, counted_noun(t.files, "file"));
  if (t.notes > 0) out += fmt::format(", {}", counted_noun(t.notes, "note"));
  out += fmt::format("; {}", counted_noun(t.images, "image"));
  std::string left;
  for (const auto& [reason, count] : t.left)
    left += fmt::format("{}{} {}", left.empty() ? "" : ", ", count, files::to_string(reason));
  if (!left.empty()) out += fmt::format(", of which left alone: {}", left);
  if (t.unread > 0)
    out += t.unread == 1 ? "; 1 value looks like an image and is not read"
                         : fmt::format("; {} values look like images and are not read", t.unread);
  if (t.unchecked > 0)
    out += fmt::format("; {} on signatures not checked (--drift asks registries)", counted_noun(t.unchecked, "demand"));
  if (t.faults > 0) out += fmt::format("; {} could not be read", counted_noun(t.faults, "file"));
  return out;
}

}  // namespace pinhook::pipeline
