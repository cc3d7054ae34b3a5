// The rules of `pinhook check`: what can be wrong with an image in a file, and what a person is told about it. One
// table; reports take it as a parameter, so that rules of the operator can stand behind these.
//
// Values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {

/// As SARIF's levels (2.1.0 §3.27.10). A note is for the reader's information: it makes no exit code.
enum class severity : std::uint8_t { note, warning, error };

/// "note", "warning", "error".
[[nodiscard]] std::string_view to_string(severity level) noexcept;

struct rule {
  /// Stable: people filter and silence by it.
  std::string id;
  severity level = severity::warning;
  /// A few words.
  std::string title;
  /// A sentence or two: why it matters.
  std::string why;
  /// Markdown: what to do.
  std::string help;
};

namespace rule_id {
inline constexpr std::string_view invalid = "invalid";
inline constexpr std::string_view no_tag = "no-tag";
inline constexpr std::string_view latest = "latest";
inline constexpr std::string_view unpinned = "unpinned";
inline constexpr std::string_view drift = "drift";
inline constexpr std::string_view unknown_tag = "unknown-tag";
}  // namespace rule_id

using rule_table = std::vector<rule>;

/// Those above; of several that an image breaks, the first in the table is told.
[[nodiscard]] const rule_table& built_in_rules();

/// Index in `rules`; none when there is no such rule.
[[nodiscard]] std::optional<std::size_t> find_rule(const rule_table& rules, std::string_view id);

}  // namespace pinhook::cli
