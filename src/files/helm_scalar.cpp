#include <pinhook/files/helm_scalar.hpp>

#include <pinhook/base/text.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>

namespace pinhook::files {
namespace {

// resolveMapList of go.yaml.in/yaml/v2.
constexpr std::array<std::string_view, 11> true_words{"y",    "Y",    "yes", "Yes", "YES", "true",
                                                      "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> false_words{"n",     "N",     "no",  "No",  "NO", "false",
                                                       "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 5> null_words{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 12> no_json_words{".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF",
                                                         "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};

// fmt's %v is strconv's shortest 'g', which writes 20240101 as 2.0240101e+07: from seven digits on, and below 0.0001.
constexpr int largest_plain_exponent = 5;
constexpr int smallest_plain_exponent = -4;

template <std::size_t n>
bool is_one_of(std::string_view text, const std::array<std::string_view, n>& words) {
  return std::ranges::find(words, text) != words.end();
}

// The value of digits of a base without a sign; none beyond 64 bits.
std::optional<double> whole(std::string_view digits, int base) {
  // from_chars takes a minus sign, of which one is gone already.
  if (digits.empty() || digits.front() == '-') return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (code != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return static_cast<double>(value);
}

// strconv.ParseInt and ParseUint with base 0.
std::optional<double> integer(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = static_cast<char>(text[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    text.remove_prefix(std::string_view("xbo").contains(mark) ? 2 : 1);
  }
  const auto value = whole(text, base);
  if (!value) return std::nullopt;
  return is_negative ? -*value : *value;
}

// ^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$
std::optional<double> decimal(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (!std::ranges::all_of(text, [](char c) { return is_digit(c) || std::string_view(".eE+-").contains(c); }))
    return std::nullopt;
  if (text.empty() || (!is_digit(text[0]) && (text.size() == 1 || text[0] != '.' || !is_digit(text[1]))))
    return std::nullopt;
  // Go takes "1e+5", as from_chars does; neither takes "1e".
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return is_negative ? -value : value;
}

// A date, "2024-1-2", is not a number: sigs.k8s.io/yaml leaves it as text.
std::optional<double> number_of(std::string_view text) {
  const char first = text.front();
  if (first == '.') return decimal(text);
  if (!is_digit(first) && first != '+' && first != '-') return std::nullopt;
  std::string plain(text);
  std::erase(plain, '_');
  const auto value = integer(plain);
  return value ? value : decimal(plain);
}

// fmt's %v of a float64.
std::string printed(double value) {
  if (value == 0) return value < 0 ? "-0" : "0";
  std::array<char, 64> text{};
  const auto [end, code] = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
  std::string out(text.data(), code == std::errc() ? end : text.data());
  const auto mark = out.find('e');
  int exponent = 0;
  const std::size_t sign = mark + (out[mark + 1] == '+' ? 2 : 1);
  std::from_chars(out.data() + sign, out.data() + out.size(), exponent);
  if (exponent < smallest_plain_exponent || exponent > largest_plain_exponent) return out;
  const auto [fixed_end, fixed_code] =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  return {text.data(), fixed_code == std::errc() ? fixed_end : text.data()};
}

}  // namespace

helm_scalar read_by_helm(std::string_view plain) {
  if (is_one_of(plain, null_words)) return {.text = "", .is_empty = true};
  if (is_one_of(plain, true_words)) return {.text = "true"};
  if (is_one_of(plain, false_words)) return {.text = "false", .is_empty = true};
  if (is_one_of(plain, no_json_words)) return {};
  const auto value = number_of(plain);
  if (!value) return {.text = std::string(plain)};
  return {.text = printed(*value), .is_empty = *value == 0};
}

bool is_same_in_helm(std::string_view plain) {
  const auto read = read_by_helm(plain);
  return !read.is_empty && read.text == plain;
}

}  // namespace pinhook::files
