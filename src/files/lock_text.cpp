#include <pinhook/files/lock_text.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/text.hpp>

#include <algorithm>

namespace pinhook::files {
namespace {

// Digits where the shape has a 0, else the shape's own characters.
bool has_shape(std::string_view text, std::string_view shape) {
  return std::ranges::equal(text, shape, [](char c, char s) { return s == '0' ? is_digit(c) : c == s; });
}

}  // namespace

std::string plain_or_quoted(std::string_view reference) {
  // Names of registries and repositories begin with a letter or a digit, unless the registry is an IPv6 address. YAML
  // may read a short name without a tag as a number ("7"), null ("null") or a boolean ("on").
  const bool is_plain = !reference.starts_with('[') && reference.find_first_of("/:@") != std::string_view::npos;
  if (is_plain) return std::string(reference);
  std::string out;
  json::append_string(out, reference);
  return out;
}

bool is_time(std::string_view text) noexcept {
  constexpr std::string_view second = "0000-00-00T00:00:00";
  if (!has_shape(text.substr(0, second.size()), second)) return false;
  std::string_view rest = text.substr(second.size());
  if (rest.starts_with('.')) {
    const auto digits = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (digits < 2 || digits > 10) return false;
    rest.remove_prefix(digits);
  }
  return rest == "Z" || has_shape(rest, "+00:00") || has_shape(rest, "-00:00");
}

}  // namespace pinhook::files
