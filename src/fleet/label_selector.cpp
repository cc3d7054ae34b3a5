#include <pinhook/fleet/label_selector.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::fleet {
namespace {

// Names of labels and their values; the optional domain in front of a key has a '/' in addition.
bool is_label_character(char c) {
  return is_lower(c) || is_upper(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == '/';
}

bool is_key(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_label_character); }

bool is_value(std::string_view text) { return std::ranges::all_of(text, is_label_character); }

std::unexpected<error> refuse_part(std::string_view part) {
  return fail(error_code::invalid_input,
              fmt::format("{} is not a label selector: write key=value, key!=value, key, !key, key in (a,b) or key "
                          "notin (a,b), with commas between them",
                          quoted(part)));
}

// The parts between the commas that are in no parentheses.
std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  bool is_inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') is_inside = true;
    if (text[i] == ')') is_inside = false;
    if (text[i] != ',' || is_inside) continue;
    out.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  out.push_back(text.substr(begin));
  return out;
}

}  // namespace

result<label_selector::demand> label_selector::parse_demand(std::string_view text) {
  const std::string_view whole = trimmed(text);
  struct sign {
    std::string_view text;
    test is;
  };
  constexpr std::array<sign, 3> signs{{{"!=", test::not_in}, {"==", test::in}, {"=", test::in}}};
  for (const sign& one : signs) {
    const auto at = whole.find(one.text);
    if (at == std::string_view::npos) continue;
    const auto key = trimmed(whole.substr(0, at));
    const auto value = trimmed(whole.substr(at + one.text.size()));
    if (!is_key(key) || !is_value(value)) return refuse_part(whole);
    return demand{std::string(key), one.is, {std::string(value)}};
  }
  if (whole.ends_with(')')) {
    const auto open = whole.find('(');
    if (open == std::string_view::npos) return refuse_part(whole);
    std::string_view front = trimmed(whole.substr(0, open));
    const bool is_negative = front.ends_with(" notin");
    if (!is_negative && !front.ends_with(" in")) return refuse_part(whole);
    front.remove_suffix(is_negative ? 6 : 3);
    demand out{std::string(trimmed(front)), is_negative ? test::not_in : test::in, {}};
    for (const auto value : parts_of(whole.substr(open + 1, whole.size() - open - 2))) {
      if (!is_value(trimmed(value))) return refuse_part(whole);
      out.values.emplace_back(trimmed(value));
    }
    if (!is_key(out.key)) return refuse_part(whole);
    return out;
  }
  const bool is_absent = whole.starts_with('!');
  const auto key = trimmed(is_absent ? whole.substr(1) : whole);
  if (!is_key(key)) return refuse_part(whole);
  return demand{std::string(key), is_absent ? test::is_absent : test::exists, {}};
}

result<label_selector> label_selector::parse(std::string_view text) {
  label_selector out;
  if (text.size() > max_selector_size)
    return fail(error_code::invalid_input, fmt::format("a label selector has at most {} bytes", max_selector_size));
  if (trimmed(text).empty()) return out;
  for (const auto part : parts_of(text)) {
    auto one = parse_demand(part);
    if (!one) return fail(std::move(one.error()));
    out.demands_.push_back(std::move(*one));
  }
  return out;
}

bool label_selector::matches(const labels& of) const {
  return std::ranges::all_of(demands_, [&](const demand& one) {
    const auto found = of.find(one.key);
    const bool is_there = found != of.end();
    switch (one.is) {
      case test::exists:
        return is_there;
      case test::is_absent:
        return !is_there;
      case test::in:
        return is_there && std::ranges::find(one.values, found->second) != one.values.end();
      case test::not_in:
        return !is_there || std::ranges::find(one.values, found->second) == one.values.end();
    }
    return false;
  });
}

}  // namespace pinhook::fleet
