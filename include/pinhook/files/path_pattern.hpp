// Patterns for paths as git understands them (gitignore(5), PATTERN FORMAT). Lines of .gitignore files and globs of the
// command line both use them.
//
//   const auto p = path_pattern::parse("charts/**/values*.yaml");
//   p->matches("charts/a/b/values-prod.yaml");
//
// A value; any thread. No I/O.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

class path_pattern {
 public:
  /// `?` and `[…]` (ranges, `!` or `^`, [:classes:]) match one character, `*` any within a part, `**` as a whole part
  /// any parts; `\` takes the next character literally. None for a pattern that cannot match any path: a `[` that is
  /// not closed, an unknown class, a `\` at the end.
  [[nodiscard]] static std::optional<path_pattern> parse(std::string_view text);

  /// True when the text has `*`, `?`, `[` or `\`.
  [[nodiscard]] static bool is_special(std::string_view text);

  /// Matches the whole path, parts joined by '/'. Time grows with the product of the lengths.
  [[nodiscard]] bool matches(std::string_view path) const;

 private:
  enum class token_kind : std::uint8_t {
    one,          // the character
    any,          // a character within a part
    set,          // one of a set within a part
    within,       // any characters within a part
    across,       // any characters
    directories,  // nothing, or any characters and then a '/'
  };
  struct token {
    token_kind kind = token_kind::one;
    char character = 0;
    std::bitset<256> set;
  };

 public:
  /// Matches the empty path alone.
  path_pattern() = default;

 private:
  class reader;
  static void step(const token& t, std::string_view path, std::vector<bool>& can);

  // The literal characters before the first special one.
  std::string start_;
  std::vector<token> rest_;
};

}  // namespace pinhook::files
