// Where a plain scalar's first line ends, for the short way through YAML (plain_source.hpp).
//
//   plain_end_in_block("a/b: c", 0)    // 3, where the ':' of a key is; it has a slash
//
// Functions of their arguments alone: any thread.
#pragma once

#include <pinhook/yaml/text_scan.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace pinhook::yaml {

/// What ends a plain scalar between brackets.
inline constexpr std::string_view flow_signs = ",[]{}";

/// Characters, to look one up.
constexpr std::array<bool, 256> table_of(std::string_view characters) {
  std::array<bool, 256> out{};
  for (const char c : characters) out[static_cast<unsigned char>(c)] = true;
  return out;
}

/// True for a space, a line feed and the end of the text.
[[nodiscard]] constexpr bool ends_word(std::string_view text, std::size_t at) noexcept {
  return at >= text.size() || text[at] == ' ' || text[at] == '\n';
}

struct plain_end {
  /// The end of the line or of the text, a comment's sign, the ':' of a key, a bracket. Spaces may be before it.
  std::size_t at = 0;
  bool has_slash = false;
};

/// Of the scalar that begins at `begin`.
[[nodiscard]] inline plain_end plain_end_in_block(std::string_view text, std::size_t begin) noexcept {
  plain_end out{text.size(), text[begin] == '/'};
  for (std::size_t at = find_mark(text, begin + 1); at < text.size(); at = find_mark(text, at + 1)) {
    const char c = text[at];
    if (c == '/') out.has_slash = true;
    if (c == '\n' || (c == '#' && text[at - 1] == ' ') || (c == ':' && ends_word(text, at + 1))) {
      out.at = at;
      break;
    }
  }
  return out;
}

/// The same between brackets.
[[nodiscard]] inline plain_end plain_end_in_flow(std::string_view text, std::size_t begin) noexcept {
  static constexpr auto stops = table_of("\n:#,[]{}/");
  plain_end out{text.size(), text[begin] == '/'};
  for (std::size_t at = begin + 1; at < text.size(); ++at) {
    const char c = text[at];
    if (!stops[static_cast<unsigned char>(c)]) continue;
    if (c == '/') out.has_slash = true;
    const bool is_sign = at + 1 < text.size() && flow_signs.contains(text[at + 1]);
    if (c == '/' || (c == '#' && text[at - 1] != ' ') || (c == ':' && !ends_word(text, at + 1) && !is_sign)) continue;
    out.at = at;
    break;
  }
  return out;
}

}  // namespace pinhook::yaml
