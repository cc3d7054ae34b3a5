// ASCII characters of input texts, independent of the locale.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace pinhook {

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
/// A space or a tab.
[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
/// A blank or an end of line.
[[nodiscard]] constexpr bool is_space(char c) noexcept { return is_blank(c) || c == '\r' || c == '\n'; }

/// The text without the spaces around it.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The text with all but RFC 3986's unreserved characters (§2.3) as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace pinhook
