// Foreign texts in lines for users: nothing in them moves the cursor, colours, hides or reverses the order, and a long
// name does not push the reason out of the line.
//
//   printable("web\x1b[2J")                        // "web\\x1b[2J"
//   cut_middle("registry.example/a/b/api:v1", 19)  // "registry…b/api:v1"
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook {

/// False for characters that a terminal obeys or a reader cannot see: control characters (C0, DEL, C1), the separators
/// of lines and paragraphs (U+2028, U+2029), and characters that reverse the order of the letters (Unicode Standard
/// Annex 9; CVE-2021- 42574): U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069.
[[nodiscard]] constexpr bool is_printable(char32_t c) noexcept {
  if (c < 0x20 || (c >= 0x7f && c <= 0x9f)) return false;
  return c < 0x61c ||
         (c != 0x61c && c != 0x200e && c != 0x200f && (c < 0x2028 || c > 0x202e) && (c < 0x2066 || c > 0x2069));
}

/// `text` with `\x1b` or `\u202e` in place of unprintable characters, `\xff` in place of bytes that are not UTF-8.
/// Backslashes are kept, so that a second call changes nothing.
[[nodiscard]] std::string printable(std::string_view text);

/// The longest beginning of whole characters in `size` bytes.
[[nodiscard]] std::string_view begin_of(std::string_view text, std::size_t size);

/// At most `size` bytes of UTF-8, cut between characters: of a longer text the beginning, the end, or both are kept,
/// with "…" in place of the rest. Empty where "…" itself is too long.
[[nodiscard]] std::string cut(std::string_view text, std::size_t size);
[[nodiscard]] std::string cut_begin(std::string_view text, std::size_t size);
/// A little more is kept of the end, which distinguishes references: the repository's name and the tag.
[[nodiscard]] std::string cut_middle(std::string_view text, std::size_t size);

/// At most `size` bytes, with as many whole words as possible: the longest words between spaces (hosts, repositories,
/// URLs) are cut in their middles, all to one length; only where that is not enough, the text itself is.
[[nodiscard]] std::string cut_words(std::string_view text, std::size_t size);
/// The least `size` for which cutting words is enough.
[[nodiscard]] std::size_t least_cut_size(std::string_view text);

}  // namespace pinhook
