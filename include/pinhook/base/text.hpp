// ASCII characters of input texts, independent of the locale.
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook {

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
[[nodiscard]] constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
[[nodiscard]] constexpr bool is_letter(char c) noexcept { return is_lower(c) || is_upper(c); }
/// A hexadecimal digit as digests are written.
[[nodiscard]] constexpr bool is_lower_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f'); }
/// An end of line, or half of one.
[[nodiscard]] constexpr bool is_break(char c) noexcept { return c == '\n' || c == '\r'; }
/// A space or a tab.
[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
/// A blank or an end of line.
[[nodiscard]] constexpr bool is_space(char c) noexcept { return is_blank(c) || is_break(c); }

/// The text without the spaces around it.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The text with its ASCII capitals as small letters.
[[nodiscard]] std::string lowered(std::string_view text);

/// "1 file", "2 files": a number with its noun.
[[nodiscard]] std::string counted_noun(std::size_t n, std::string_view noun);

/// The text with all but RFC 3986's unreserved characters (§2.3) as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace pinhook
