// UTF-8 in bytes of unknown origin.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook {

/// U+FEFF, with which some editors begin a file.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// `text` with U+FFFD in place of every byte that is not part of valid UTF-8 (RFC 3629: no overlong forms, no
/// surrogates, nothing above U+10FFFF).
[[nodiscard]] std::string valid_utf8(std::string_view text);

struct utf8_character {
  char32_t code = 0;
  /// Bytes; 0: no character.
  std::size_t size = 0;
};

/// The first character of `text`, which is not empty.
[[nodiscard]] utf8_character first_character(std::string_view text) noexcept;

/// Appends the character. `code` is one: no surrogate, and at most U+10FFFF.
void append_utf8(std::string& out, char32_t code);

/// The offset of the first invalid byte; no value when `text` is valid.
[[nodiscard]] std::optional<std::size_t> first_invalid_utf8(std::string_view text);

}  // namespace pinhook
