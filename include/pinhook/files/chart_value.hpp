// What a template's expression may be made of: places in the chart's values. For chart_reading.
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

/// What one expression may be made of; more is left out.
inline constexpr std::size_t max_chart_paths = 16;
/// What dicts in dicts may hold together: a helper that hands itself a dict of what it was given, twice, would double
/// it each time.
inline constexpr std::size_t max_chart_members = 256;

struct chart_value {
  /// The object that templates begin with: `.Values`, `.Chart` and others are its members.
  bool is_root = false;
  /// Of a list that the template makes: its elements together.
  bool is_list = false;
  /// A function made another text of it.
  bool is_changed = false;
  /// Pieces of a text: a field or an element is one of them.
  bool is_cut = false;
  /// What it is, or what its text was put together of.
  std::vector<values_path> paths{};
  /// Of a dict that the template makes.
  std::map<std::string, chart_value, std::less<>> members{};
  /// Of a quoted string.
  std::string literal{};
  /// Itself and all that its members hold.
  std::size_t size = 1;

  /// Over max_chart_members the member is left out.
  void set(std::string key, const chart_value& value);
  [[nodiscard]] bool is_nothing() const { return !is_root && paths.empty() && members.empty(); }
  /// Both may be it.
  void add(const chart_value& other);
  [[nodiscard]] chart_value field(std::string_view name) const;
  /// What `range` sets the dot to.
  [[nodiscard]] chart_value element() const;
  /// Everything in it, dicts unfolded.
  [[nodiscard]] std::vector<values_path> all_paths() const;
};

/// What a function does with what it is given.
enum class function_effect : std::uint8_t {
  passes,   // its text, or one of its arguments as it is
  changes,  // another text; every function that is not known
  tests,    // looks at the text: eq, semverCompare
  forgets,  // what comes out does not hold it: empty, hasKey
  hashes,   // another text comes out of another one: sha256sum
  cuts,     // pieces of the text: split, regexSplit
  builds,   // dict, index and others: see apply_function
};

[[nodiscard]] function_effect effect_of(std::string_view function);

/// The result of a call; `include` and what tests are not for it.
[[nodiscard]] chart_value apply_function(std::string_view function, std::span<const chart_value> arguments);

}  // namespace pinhook::files
