#include <pinhook/files/json_comments.hpp>

#include <algorithm>
#include <cstddef>

namespace pinhook::files {
namespace {

// The end of a string that begins with its quote at `at`.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"' && text[at] != '\n'; ++at)
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
  return std::min(at + 1, text.size());
}

// The end of a comment at `at`; `at` itself when none begins there.
std::size_t comment_end(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at, 2);
  if (rest == "//") return std::min(text.find('\n', at), text.size());
  if (rest != "/*") return at;
  const std::size_t end = text.find("*/", at + 2);
  return end == std::string_view::npos ? text.size() : end + 2;
}

}  // namespace

std::string without_json_comments(std::string_view text) {
  std::string out(text);
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = string_end(text, at);
      continue;
    }
    const std::size_t end = comment_end(text, at);
    for (std::size_t i = at; i < end; ++i)
      if (text[i] != '\n' && text[i] != '\r') out[i] = ' ';
    at = std::max(end, at + 1);
  }
  return out;
}

}  // namespace pinhook::files
