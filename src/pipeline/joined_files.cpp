#include <pinhook/pipeline/joined_files.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/files/known_forms.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace pinhook::pipeline {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string_view without_mark(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  return text;
}

// "---" or "...", followed by a blank or the end of the line.
bool is_marker(std::string_view line, std::string_view marker) {
  return line.starts_with(marker) && (line.size() == marker.size() || is_space(line[marker.size()]));
}

// The first line that is neither blank nor a comment; empty when there is none.
std::string_view first_line(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    const auto content = std::ranges::find_if_not(line, is_space);
    if (content != line.end() && *content != '#') return line;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

// The last line that is not blank.
std::string_view last_line(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text.substr(text.rfind('\n') + 1);
}

// The text to insert between the text so far and the next one.
std::string_view separator(std::string_view before, std::string_view next) {
  if (before.empty()) return "";
  const auto first = first_line(next);
  const bool is_ended = is_marker(last_line(before), "...");
  if (first.starts_with('%')) return is_ended ? "" : "...\n";
  return is_ended || is_marker(first, "---") ? "" : "---\n";
}

}  // namespace

bool looks_like_json(std::string_view text) {
  text = without_mark(text);
  const auto first = std::ranges::find_if_not(text, is_space);
  return first != text.end() && (*first == '{' || *first == '[');
}

result<std::string> joined(const std::vector<printed_file>& files) {
  if (files.size() == 1) return std::string(files.front().text);
  std::string out;
  for (const auto& file : files) {
    const auto syntax = files::syntax_of_file(file.path);
    if (looks_like_json(file.text) || syntax != files::file_syntax::yaml)
      return fail(error_code::invalid_input,
                  fmt::format("{} is {}, and cannot be printed together with other files; write the files "
                              "themselves (-i), or see what would change (--diff)",
                              file.path, syntax == files::file_syntax::yaml ? "JSON" : "no YAML"));
    // A byte order mark is allowed only at the start of a stream.
    const auto text = out.empty() ? file.text : without_mark(file.text);
    if (text.empty()) continue;
    if (!out.empty() && out.back() != '\n') out += '\n';
    out += separator(out, text);
    out += text;
  }
  return out;
}

}  // namespace pinhook::pipeline
