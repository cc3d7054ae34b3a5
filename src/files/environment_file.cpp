#include <pinhook/files/environment_file.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/files/full_reference.hpp>
#include <pinhook/files/span_list.hpp>
#include <pinhook/pin/image_keys.hpp>
#include <pinhook/registry/reference.hpp>

#include <algorithm>

namespace pinhook::files {
namespace {

constexpr std::string_view export_word = "export ";

bool is_value_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// The value at the begin of the text, without quotes and what follows it; empty when it goes on otherwise.
std::string_view value_at(std::string_view text) {
  const char quote = text.empty() ? '\0' : text.front();
  if (quote == '"' || quote == '\'') {
    const std::size_t end = text.find(quote, 1);
    return end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
  }
  return text.substr(0, static_cast<std::size_t>(std::ranges::find_if(text, is_value_blank) - text.begin()));
}

bool is_variable_image(std::string_view name, std::string_view value) {
  const auto ref = registry::reference::parse(value);
  if (!ref || (ref->tag().empty() && !ref->is_pinned()) || !pin::is_whole_image(value)) return false;
  if (pin::names_image(name) || pin::is_image_variable(name)) return true;
  const auto full = full_references(value);
  return full.size() == 1 && full.front().written == value;
}

}  // namespace

std::vector<environment_image> read_environment_file(std::string_view text) {
  std::vector<environment_image> out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    line.remove_prefix(static_cast<std::size_t>(std::ranges::find_if_not(line, is_value_blank) - line.begin()));
    if (line.starts_with(export_word)) line.remove_prefix(export_word.size());
    const std::size_t sign = line.find('=');
    if (line.starts_with('#') || sign == std::string_view::npos) continue;
    const std::string_view name = trimmed(line.substr(0, sign));
    const std::string_view value = value_at(line.substr(sign + 1));
    const auto at = static_cast<std::size_t>(value.data() - text.data());
    if (!value.empty() && is_variable_image(name, value)) out.push_back({name, {at, at + value.size()}});
  }
  return out;
}

yaml::source environment_source(std::string_view text) {
  std::vector<yaml::text_span> spans;
  for (const environment_image& one : read_environment_file(text)) spans.push_back(one.span);
  return list_of_spans(text, spans);
}

}  // namespace pinhook::files
