// The uses of a chart's values in its templates, and the verdict by them whether a value may take a digest.
//
//   const use_verdict v = judge_use(of.own, {{"image"}, "repository", "tag"});
//   // v.conflict: "templates/deployment.yaml:12 writes it as app.kubernetes.io/version"
//
// Pure; any thread. chart_reading.hpp makes them from the templates.
#pragma once

#include <pinhook/files/chart_texts.hpp>
#include <pinhook/files/chart_value.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::files {

struct value_use {
  enum class place : std::uint8_t {
    image,    // the value of a key `image`, or of one with that ending
    other,    // the value of another key, or an element of a list: `as`
    test,     // the argument of a function that compares or splits it: `as`
    note,     // a label or an annotation: `as`
    hash,     // the argument of a function whose result differs when it changes: `as`
    unclear,  // unknown
  };
  place at = place::unclear;
  /// The values written there, or earlier in the same line.
  std::vector<values_path> values;
  bool is_changed = false;
  std::string file;
  std::size_t line = 1;
  std::string as;
};

struct chart_uses {
  std::vector<value_use> uses;
  std::vector<written_text> texts{};
  /// The text of the chart's values.schema.json. Empty: it has none.
  std::string schema{};
  /// True when everything was read; false when a limit was reached.
  bool is_whole = true;
};

/// The verdict by the uses of the value, and by the text written beside it.
[[nodiscard]] use_verdict judge_use(const chart_uses& of, const values_place& value);

/// A chart's own templates, and those of its dependencies by the key of their values (alias, else name). None for a
/// dependency that is missing.
struct chart {
  chart_uses own;
  std::map<std::string, std::optional<chart_uses>> dependencies;
};

}  // namespace pinhook::files
