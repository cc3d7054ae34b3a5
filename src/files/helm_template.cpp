#include <pinhook/files/found_image.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace pinhook::files {
namespace {

// The part of the line before `offset`.
std::string_view line_before(std::string_view text, std::size_t offset) {
  const std::size_t line = text.substr(0, offset).find_last_of("\r\n");
  const std::size_t begin = line == std::string_view::npos ? 0 : line + 1;
  return text.substr(begin, offset - begin);
}

// True when a value, a list's element or a line may begin after `before`.
bool is_value_place(std::string_view before) {
  const std::size_t last = before.find_last_not_of(" \t");
  if (last == std::string_view::npos) return true;
  const char c = before[last];
  if (c == '[' || c == ',') return true;
  return (c == ':' || c == '-') && last + 1 < before.size();
}

// "{{ include "name" . }}" in double quotes: YAML's text ends at the action's own quote.
bool ends_quotes(std::string_view before, std::string_view action) {
  return std::ranges::any_of(std::string_view("\"'"), [&](char quote) {
    return std::ranges::count(before, quote) % 2 == 1 && action.contains(quote);
  });
}

}  // namespace

bool looks_like_template(std::string_view text) {
  for (std::size_t at = text.find("{{"); at != std::string_view::npos; at = text.find("{{", at + 2)) {
    const std::size_t end = text.find("}}", at);
    if (end == std::string_view::npos) return false;
    const std::string_view before = line_before(text, at);
    if (is_value_place(before) || ends_quotes(before, text.substr(at, end - at))) return true;
  }
  return false;
}

error not_rendered(std::size_t line, std::size_t column) {
  error out{error_code::unsupported, "a Helm template, not YAML; render it first: helm template …", std::nullopt};
  return line == 0 ? out : out.at(fmt::format("line {}, column {}", line, column));
}

}  // namespace pinhook::files
