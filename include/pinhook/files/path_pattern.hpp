// Patterns on paths as git understands them (gitignore(5), PATTERN FORMAT): what a line of a .gitignore file and a glob
// on the command line have in common.
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
  /// `?` and `[…]` (ranges, `!` or `^`, [:classes:]) stand for one character, `*` for any within a part, `**` as a
  /// whole part for any parts; `\` takes the next character as it is. Nothing for what can match no path: a `[` that is
  /// not closed, a class that is none, a `\` at the end.
  [[nodiscard]] static std::optional<path_pattern> parse(std::string_view text);

  /// Whether the text has `*`, `?`, `[` or `\`.
  [[nodiscard]] static bool is_special(std::string_view text);

  /// The whole path, parts joined by '/'. Time grows with the product of the lengths.
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

  // Characters that stand for themselves in front of all others.
  std::string start_;
  std::vector<token> rest_;
};

}  // namespace pinhook::files
