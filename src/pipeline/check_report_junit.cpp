#include <pinhook/base/printable.hpp>
#include <pinhook/pipeline/check_report.hpp>

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <utility>

namespace pinhook::pipeline {
namespace {

// XML 1.0 §2.2: no control characters, not even escaped, so they are written `\x1b`; nor U+FFFE and U+FFFF.
std::string xml(std::string_view text) {
  std::string out;
  const std::string clean = printable(text);
  for (std::size_t at = 0; at < clean.size(); ++at) {
    const char c = clean[at];
    if (clean.compare(at, 3, "\xef\xbf\xbe") == 0 || clean.compare(at, 3, "\xef\xbf\xbf") == 0)
      at += 2;
    else if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
      fmt::format_to(std::back_inserter(out), "&#{};", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out;
}

struct counts {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;

  void add(const counts& more) {
    tests += more.tests;
    failures += more.failures;
    errors += more.errors;
    skipped += more.skipped;
  }
};

using findings = std::vector<const finding*>;

// Findings that fail a case come first, else in their order.
findings findings_of(const checked_file& file, const checked_image& image) {
  findings out;
  for (const bool is_note : {false, true})
    for (const auto index : image.findings)
      if ((file.findings[index].level == severity::note) == is_note) out.push_back(&file.findings[index]);
  return out;
}

bool is_failed(const findings& all) { return !all.empty() && all.front()->level != severity::note; }

bool is_skipped(const checked_image& image, const findings& all) {
  return all.empty() ? image.reason != files::skip_reason::none : !is_failed(all);
}

counts count(const checked_file& file) {
  counts out;
  if (!file.fault.empty()) out.tests = out.errors = 1;
  for (const auto& image : file.images) {
    const auto all = findings_of(file, image);
    ++out.tests;
    if (is_skipped(image, all))
      ++out.skipped;
    else if (is_failed(all))
      ++out.failures;
  }
  return out;
}

std::string attributes(const counts& n) {
  return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", n.tests, n.failures, n.errors,
                     n.skipped);
}

// The content of an image's case; empty without findings. Readers accept one failure a case, so it holds all findings,
// under the rule of the first.
std::string content(const checked_image& image, const findings& all) {
  if (all.empty()) {
    if (image.reason == files::skip_reason::none) return {};
    return fmt::format("      <skipped message=\"{}\"/>\n", xml(files::to_string(image.reason)));
  }
  std::string messages;
  std::string lines;
  for (const finding* f : all) {
    messages += fmt::format("{}{}", messages.empty() ? "" : "; ", xml(f->message));
    lines += fmt::format("{}{}:{}:{}: {}: {}&#10;To do: {}", lines.empty() ? "" : "&#10;", xml(f->path), f->line,
                         f->column, xml(f->image), xml(f->message), xml(to_do(*f)));
  }
  if (!is_failed(all)) return fmt::format("      <skipped message=\"{}\"/>\n", messages);
  return fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n", xml(all.front()->rule), messages,
                     lines);
}

void append_case(std::string& out, const std::string& path, const std::string& name, const std::string& content) {
  fmt::format_to(std::back_inserter(out), "    <testcase classname=\"{0}\" file=\"{0}\" name=\"{1}\"", path, xml(name));
  if (content.empty())
    out += "/>\n";
  else
    fmt::format_to(std::back_inserter(out), ">\n{}    </testcase>\n", content);
}

void append_suite(std::string& out, const checked_file& file, const std::string& directory) {
  const auto path = xml(path_from(directory, file.path));
  fmt::format_to(std::back_inserter(out), "  <testsuite name=\"{}\" {}>\n", path, attributes(count(file)));
  if (!file.fault.empty())
    append_case(
        out, path, "can be read",
        fmt::format("      <error type=\"unreadable\" message=\"{}\">{}</error>\n", xml(file.fault), xml(file.fault)));
  // GitLab treats cases with equal names as the same case.
  std::map<std::string, std::size_t> seen;
  for (const auto& image : file.images) {
    auto name = image.object.empty() ? image.name : fmt::format("{}: {}", image.object, image.name);
    const auto before = seen[name]++;
    if (before > 0) name += fmt::format(" ({})", before + 1);
    append_case(out, path, name, content(image, findings_of(file, image)));
  }
  out += "  </testsuite>\n";
}

counts count(const empty_arguments& empty) {
  const std::size_t all = empty.paths.size();
  return {.tests = all, .failures = empty.is_error ? all : 0, .skipped = empty.is_error ? 0 : all};
}

// A suite for each argument without an image.
void append_empty(std::string& out, const report_options& options) {
  const empty_arguments& empty = options.empty;
  for (const auto& given : empty.paths) {
    const auto path = xml(path_from(options.directory, given));
    const counts one{.tests = 1, .failures = empty.is_error ? 1U : 0U, .skipped = empty.is_error ? 0U : 1U};
    fmt::format_to(std::back_inserter(out), "  <testsuite name=\"{}\" {}>\n", path, attributes(one));
    const auto advice = fmt::format("To do: {}", no_image_advice);
    append_case(out, path, "holds an image",
                empty.is_error ? fmt::format("      <failure type=\"{}\" message=\"no image found\">{}</failure>\n",
                                             no_image_rule, xml(advice))
                               : std::string("      <skipped message=\"no image found\"/>\n"));
    out += "  </testsuite>\n";
  }
}

}  // namespace

std::string write_junit(const checked_files& files, const report_options& options) {
  counts all = count(options.empty);
  for (const auto& file : files) all.add(count(file));
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  fmt::format_to(std::back_inserter(out), "<testsuites name=\"pinhook check\" {}>\n", attributes(all));
  append_empty(out, options);
  for (const auto& file : files)
    if (!file.images.empty() || !file.fault.empty()) append_suite(out, file, options.directory);
  return out + "</testsuites>\n";
}

}  // namespace pinhook::pipeline
