#include <pinhook/files/rewrite_scalar.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/text.hpp>

#include <algorithm>
#include <array>

namespace pinhook::files {
namespace {

using yaml::scalar_form;

bool is_hex_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Digits of a number in its base; YAML 1.1 allows '_' between them.
template <class Is>
bool all_digits(std::string_view t, Is is) {
  return !t.empty() && t.front() != '_' && std::ranges::all_of(t, [&](char c) { return c == '_' || is(c); }) &&
         std::ranges::any_of(t, is);
}

bool is_whole(std::string_view t) {
  const std::string_view head = t.substr(0, std::min<std::size_t>(t.size(), 2));
  if (head == "0x" || head == "0X") return all_digits(t.substr(2), is_hex_digit);
  if (head == "0o" || head == "0b" || head == "0B" || head == "0O") return all_digits(t.substr(2), is_digit);
  return !t.empty() && is_digit(t.front()) && all_digits(t, is_digit);
}

bool is_fraction(std::string_view t) {
  if (const auto e = t.find_first_of("eE"); e != std::string_view::npos) {
    std::string_view power = t.substr(e + 1);
    if (power.starts_with('+') || power.starts_with('-')) power.remove_prefix(1);
    if (!all_digits(power, is_digit)) return false;
    t = t.substr(0, e);
  }
  const auto point = t.find('.');
  if (point == std::string_view::npos) return all_digits(t, is_digit);
  const std::string_view whole = t.substr(0, point);
  const std::string_view part = t.substr(point + 1);
  return (whole.empty() || all_digits(whole, is_digit)) && (part.empty() || all_digits(part, is_digit)) &&
         !(whole.empty() && part.empty());
}

bool is_number_text(std::string_view t) {
  if (t.starts_with('+') || t.starts_with('-')) t.remove_prefix(1);
  return is_whole(t) || is_fraction(t);
}

std::string in_double_quotes(std::string_view value) {
  std::string out;
  json::append_string(out, value);
  return out;
}

}  // namespace

bool reads_as_string(std::string_view plain) {
  static constexpr std::array words{"",    "~", "null", "true", "false", "yes",   "no",  "on",
                                    "off", "y", "n",    ".inf", "-.inf", "+.inf", ".nan"};
  std::string lower(plain);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return std::ranges::find(words, std::string_view(lower)) == words.end() && !is_number_text(plain);
}

std::string rewritten_scalar(const yaml::source_node& scalar, std::string_view text, std::string_view value,
                             plain_rule rule) {
  const std::string_view raw = text.substr(scalar.span.begin, scalar.span.size());
  const bool needs_quotes = rule == plain_rule::string && !scalar.has_tag && !value.empty() && !reads_as_string(value);
  const std::string plain = needs_quotes ? in_double_quotes(value) : std::string(value);
  if (scalar.kind == yaml::source_kind::alias) return plain.empty() ? "\"\"" : plain;
  const auto at = scalar.text.empty() ? std::string_view::npos : raw.find(scalar.text);
  switch (scalar.form) {
    case scalar_form::none:
      return plain.empty() ? plain : ' ' + plain;
    case scalar_form::plain:
      return plain;
    case scalar_form::single_quoted:
      if (scalar.text.empty() || at != std::string_view::npos) return '\'' + std::string(value) + '\'';
      return in_double_quotes(value);
    case scalar_form::double_quoted:
      return in_double_quotes(value);
    case scalar_form::literal:
    case scalar_form::folded:
      if (at == std::string_view::npos) break;
      return std::string(raw.substr(0, at)) + std::string(value) + std::string(raw.substr(at + scalar.text.size()));
  }
  return std::string(raw);
}

}  // namespace pinhook::files
