#include <pinhook/files/template_text.hpp>

#include <algorithm>

namespace pinhook::files {
namespace {

constexpr std::string_view white_space = " \t\r\n";

bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

std::size_t lines_in(std::string_view text) { return static_cast<std::size_t>(std::ranges::count(text, '\n')); }

std::string_view without_end(std::string_view text) {
  const auto last = text.find_last_not_of(white_space);
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::size_t quoted_size(std::string_view rest) {
  const char quote = rest.front();
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (quote == '"' && rest[at] == '\\')
      ++at;
    else if (rest[at] == quote)
      return at + 1;
  }
  return rest.size();
}

// The position of the "}}" that ends an action that begins at 0. npos: none.
std::size_t action_end(std::string_view rest) {
  for (std::size_t at = 0; at < rest.size(); ++at) {
    if (rest[at] == '"' || rest[at] == '`')
      at += quoted_size(rest.substr(at)) - 1;
    else if (rest.substr(at).starts_with("}}"))
      return at;
  }
  return std::string_view::npos;
}

}  // namespace

std::vector<template_piece> split_template(std::string_view text) {
  std::vector<template_piece> out;
  std::size_t line = 1;
  bool eats_space = false;
  while (!text.empty()) {
    const auto begin = text.find("{{");
    const std::string_view before = text.substr(0, begin);
    std::string_view shown = before;
    std::size_t shown_line = line;
    if (eats_space) {
      const auto first = std::min(shown.find_first_not_of(white_space), shown.size());
      shown_line += lines_in(shown.substr(0, first));
      shown.remove_prefix(first);
    }
    line += lines_in(before);
    const bool is_last = begin == std::string_view::npos;
    std::string_view rest = is_last ? std::string_view() : text.substr(begin + 2);
    bool eats_line = false;
    if (rest.size() > 1 && rest[0] == '-' && white_space.contains(rest[1])) {
      const std::string_view kept = without_end(shown);
      eats_line = shown.substr(kept.size()).contains('\n');
      shown = kept;
    }
    if (!shown.empty()) out.push_back({false, shown, shown_line});
    if (is_last) break;
    const std::string_view inner = rest.substr(rest.starts_with('-') ? 1 : 0);
    const bool is_comment =
        inner.substr(std::min(inner.find_first_not_of(white_space), inner.size())).starts_with("/*");
    const auto comment = is_comment ? rest.find("*/") : 0;
    const auto end = comment == std::string_view::npos ? comment : action_end(rest.substr(comment));
    if (end == std::string_view::npos) break;
    std::string_view action = rest.substr(0, comment + end);
    eats_space = action.size() > 1 && action.ends_with('-') && white_space.contains(action[action.size() - 2]);
    const std::size_t size = action.size();
    if (!is_comment) {
      if (eats_space) action.remove_suffix(1);
      if (action.starts_with("- ") || action.starts_with("-\n") || action.starts_with("-\t") ||
          action.starts_with("-\r"))
        action.remove_prefix(1);
      out.push_back({true, action, line, eats_line});
    }
    line += lines_in(rest.substr(0, size));
    text = rest.substr(size + 2);
  }
  return out;
}

std::vector<template_token> template_tokens(std::string_view action) {
  using kind = template_token_kind;
  std::vector<template_token> out;
  while (!action.empty()) {
    const char c = action.front();
    std::size_t size = 1;
    if (white_space.contains(c)) {
      action.remove_prefix(1);
      continue;
    }
    if (c == '"' || c == '`' || c == '\'') {
      size = quoted_size(action);
      out.push_back({kind::string, action.substr(1, size < 2 ? 0 : size - 2)});
    } else if (c == '.' || c == '$' || is_name(c) || c == '-' || c == '+') {
      while (size < action.size() && (is_name(action[size]) || action[size] == '.')) ++size;
      out.push_back({c == '.' || c == '$' ? kind::chain : kind::word, action.substr(0, size)});
    } else {
      if (action.starts_with(":=")) size = 2;
      out.push_back({kind::mark, action.substr(0, size)});
    }
    action.remove_prefix(size);
  }
  return out;
}

}  // namespace pinhook::files
