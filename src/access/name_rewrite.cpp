#include <pinhook/access/name_rewrite.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <string_view>

namespace pinhook::access {
namespace {

// Text, or the group whose match stands in its place.
struct template_part {
  std::string text;
  int group = -1;
};

struct rewrite_rule {
  std::unique_ptr<const re2::RE2> pattern;
  std::vector<template_part> parts;
};

bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

// A group that the pattern does not have is empty (Go, Regexp.Expand).
int group_named(std::string_view name, const re2::RE2& pattern) {
  int number = 0;
  const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (bad == std::errc() && end == name.data() + name.size())
    return number <= pattern.NumberOfCapturingGroups() ? number : -1;
  const auto& names = pattern.NamedCapturingGroups();
  const auto found = names.find(std::string(name));
  return found == names.end() ? -1 : found->second;
}

// "$name" takes as many letters, digits and underscores as there are; a dollar without a name stands for itself.
std::vector<template_part> read_template(std::string_view text, const re2::RE2& pattern) {
  std::vector<template_part> out;
  const auto add_text = [&](std::string_view more) {
    if (out.empty() || out.back().group >= 0) out.emplace_back();
    out.back().text += more;
  };
  while (!text.empty()) {
    const auto dollar = text.find('$');
    add_text(text.substr(0, dollar));
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      add_text("$");
      text.remove_prefix(1);
      continue;
    }
    const bool has_brace = text.starts_with('{');
    const std::string_view rest = text.substr(has_brace ? 1 : 0);
    const auto end = static_cast<std::size_t>(std::ranges::find_if_not(rest, is_word) - rest.begin());
    if (end == 0 || (has_brace && (end == rest.size() || rest[end] != '}'))) {
      add_text("$");
      continue;
    }
    if (const int group = group_named(rest.substr(0, end), pattern); group >= 0) out.push_back({{}, group});
    text = rest.substr(end + (has_brace ? 1 : 0));
  }
  return out;
}

std::string replaced(const std::string& name, const rewrite_rule& rule) {
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(rule.pattern->NumberOfCapturingGroups()) + 1);
  std::string out;
  std::size_t at = 0;
  bool is_after_match = false;
  while (at <= name.size()) {
    if (!rule.pattern->Match(name, at, name.size(), re2::RE2::UNANCHORED, groups.data(),
                             static_cast<int>(groups.size())))
      break;
    const auto begin = static_cast<std::size_t>(groups[0].data() - name.data());
    out.append(name, at, begin - at);
    // An empty match right behind another one does not count.
    if (!(groups[0].empty() && is_after_match && begin == at))
      for (const auto& part : rule.parts) {
        out += part.text;
        if (part.group >= 0) out += std::string(groups[static_cast<std::size_t>(part.group)]);
      }
    at = begin + groups[0].size();
    is_after_match = !groups[0].empty();
    if (!groups[0].empty()) continue;
    if (at < name.size()) out += name[at];
    ++at;
  }
  if (at < name.size()) out.append(name, at);
  return out;
}

}  // namespace

result<std::function<std::string(const std::string&)>> make_name_rewrite(
    const std::vector<std::pair<std::string, std::string>>& rules) {
  const auto made = std::make_shared<std::vector<rewrite_rule>>();
  for (const auto& [pattern, replacement] : rules) {
    if (std::max(pattern.size(), replacement.size()) > max_rewrite_text)
      return fail(error_code::invalid_input,
                  fmt::format("a rewrite has more than {} bytes: {}", max_rewrite_text, quoted(pattern)));
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_max_mem(static_cast<std::int64_t>(max_rewrite_memory));
    rewrite_rule one{std::make_unique<const re2::RE2>(pattern, options), {}};
    if (!one.pattern->ok())
      return fail(error_code::invalid_input, fmt::format("the rewrite {} is not a valid regular expression: {}",
                                                         quoted(pattern), quoted(one.pattern->error())));
    one.parts = read_template(replacement, *one.pattern);
    made->push_back(std::move(one));
  }
  return [made](const std::string& name) {
    for (const auto& rule : *made)
      if (auto out = replaced(name, rule); out != name) return out;
    return name;
  };
}

}  // namespace pinhook::access
