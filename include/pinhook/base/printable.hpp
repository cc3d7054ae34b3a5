// Texts of others in lines that people read: nothing in them moves the cursor, colours, hides or turns the order round,
// and a long name does not push the reason out of the line.
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

/// False for what a terminal obeys or a reader cannot see: control characters (C0, DEL, C1), the separators of lines
/// and paragraphs (U+2028, U+2029), and what turns the order of the letters round (Unicode Standard Annex 9; CVE-2021-
/// 42574): U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069.
[[nodiscard]] constexpr bool is_printable(char32_t c) noexcept {
  if (c < 0x20 || (c >= 0x7f && c <= 0x9f)) return false;
  return c < 0x61c ||
         (c != 0x61c && c != 0x200e && c != 0x200f && (c < 0x2028 || c > 0x202e) && (c < 0x2066 || c > 0x2069));
}

/// `text` with `\x1b` or `\u202e` in place of what is not printable, `\xff` in place of bytes that are no UTF-8.
/// Backslashes stand as they are, so that doing it twice does nothing.
[[nodiscard]] std::string printable(std::string_view text);

/// The longest begin of whole characters in `size` bytes.
[[nodiscard]] std::string_view begin_of(std::string_view text, std::size_t size);

/// At most `size` bytes of UTF-8, cut between characters: of what is longer the begin, the end, or both, and "…" in
/// place of the rest. Nothing where "…" itself is too long.
[[nodiscard]] std::string cut(std::string_view text, std::size_t size);
[[nodiscard]] std::string cut_begin(std::string_view text, std::size_t size);
/// A little more is left of the end, which tells references apart: the repository's name and the tag.
[[nodiscard]] std::string cut_middle(std::string_view text, std::size_t size);

/// At most `size` bytes, and as many whole words as can be: the longest of what stands between spaces (hosts,
/// repositories, URLs) are cut in their middles, all to one length; only where that is not enough, the text in its own.
[[nodiscard]] std::string cut_words(std::string_view text, std::size_t size);
/// The bytes for which cutting words is enough.
[[nodiscard]] std::size_t least_cut_size(std::string_view text);

}  // namespace pinhook
