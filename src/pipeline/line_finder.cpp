#include <pinhook/pipeline/line_finder.hpp>

#include <algorithm>

namespace pinhook::pipeline {
namespace {

constexpr std::string_view utf8_mark = "\xef\xbb\xbf";

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !is_continuation(c); }));
}

std::size_t quoted_size(std::string_view rest) {
  const char quote = rest.front();
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (quote == '"' && rest[at] == '\\')
      ++at;
    else if (rest[at] == quote && quote == '\'' && at + 1 < rest.size() && rest[at + 1] == '\'')
      ++at;
    else if (rest[at] == quote)
      return at + 1;
  }
  return rest.size();
}

}  // namespace

std::string_view line_finder::from(std::size_t line, std::size_t column) {
  if (line < line_) line_ = 1, begin_ = 0;
  for (; line_ < line; ++line_) {
    const auto end = text_.find('\n', begin_);
    if (end == std::string_view::npos) return {};
    begin_ = end + 1;
  }
  auto rest = text_.substr(begin_, text_.find('\n', begin_) - begin_);
  if (begin_ == 0 && rest.starts_with(utf8_mark)) rest.remove_prefix(utf8_mark.size());
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  for (std::size_t left = column - 1; left > 0 && !rest.empty(); --left) {
    rest.remove_prefix(1);
    while (!rest.empty() && is_continuation(rest.front())) rest.remove_prefix(1);
  }
  return rest;
}

std::size_t width_of(std::string_view rest, const files::slot& s) {
  if (rest.empty()) return characters(s.written);
  if (rest.front() == '"' || rest.front() == '\'') return characters(rest.substr(0, quoted_size(rest)));
  if (!s.written.empty() && rest.starts_with(s.written)) return characters(s.written);
  return characters(rest.substr(0, rest.find_first_of(" \t,]}\"'")));
}

std::pair<std::size_t, std::size_t> place_in(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, offset);
  const auto begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return {1 + static_cast<std::size_t>(std::ranges::count(before, '\n')), 1 + characters(before.substr(begin))};
}

}  // namespace pinhook::pipeline
