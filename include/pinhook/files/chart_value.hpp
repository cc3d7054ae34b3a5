// The places in a chart's values that the result of a template's expression may come from. For chart_reading.
//
// Pure values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// Keys from the root of the values; "*" is any key or element.
using values_path = std::vector<std::string>;

/// Limit of the paths of one expression; further paths are dropped.
inline constexpr std::size_t max_chart_paths = 16;
/// Limit of the members of nested dicts together: a helper that calls itself with a dict that holds its argument twice
/// would double the size each time.
inline constexpr std::size_t max_chart_members = 256;

struct chart_value {
  /// The root object of a template: `.Values`, `.Chart` and others are its members.
  bool is_root = false;
  /// A list that the template builds; its elements are merged into one value.
  bool is_list = false;
  /// A function changed the text.
  bool is_changed = false;
  /// A function split the text: a field or an element is one of the pieces.
  bool is_cut = false;
  /// The places of the value, or of the parts of its text.
  std::vector<values_path> paths{};
  /// The members of a dict that the template builds.
  std::map<std::string, chart_value, std::less<>> members{};
  /// The text of a quoted string.
  std::string literal{};
  /// A quoted string, or nil: an empty `literal` is its text.
  bool is_literal = false;
  /// The count of this value and of all values in its members.
  std::size_t size = 1;

  /// Drops the member when the size would exceed max_chart_members.
  void set(std::string key, const chart_value& value);
  [[nodiscard]] bool is_nothing() const { return !is_root && paths.empty() && members.empty(); }
  /// Merges `other`: the value may be either.
  void add(const chart_value& other);
  [[nodiscard]] chart_value field(std::string_view name) const;
  /// The value that `range` sets the dot to.
  [[nodiscard]] chart_value element() const;
  /// All paths, those of members included.
  [[nodiscard]] std::vector<values_path> all_paths() const;
};

/// The effect of a function on its arguments.
enum class function_effect : std::uint8_t {
  passes,   // returns the text, or one of its arguments unchanged
  changes,  // returns another text; also every unknown function
  tests,    // reads the text: eq, semverCompare
  forgets,  // returns a result without the text: empty, hasKey
  hashes,   // returns a result that differs with the text: sha256sum
  cuts,     // returns pieces of the text: split, regexSplit
  builds,   // dict, index and others: see apply_function
};

[[nodiscard]] function_effect effect_of(std::string_view function);

/// The result of a call. Not for `include`, and not for functions of the effect `tests`.
[[nodiscard]] chart_value apply_function(std::string_view function, std::span<const chart_value> arguments);

}  // namespace pinhook::files
