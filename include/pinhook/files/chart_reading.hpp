// What a chart's templates do with its values: where each is written, and which functions look at it. The templates are
// read as text and followed through `include`, `with`, `range` and variables; nothing is executed, and both ways of
// every condition are taken.
//
//   const chart_uses uses = read_templates(templates);
//   judge_tag(uses, {{"image"}, "tag"})   // "templates/deployment.yaml:12 writes it as app.kubernetes.io/version"
//
// Pure; any thread.
#pragma once

#include <pinhook/files/chart_texts.hpp>
#include <pinhook/files/chart_value.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pinhook::files {

/// Actions looked at in one chart, those of helpers each time they are included: several hundred templates of several
/// hundred actions. Helpers that include each other could take for ever.
inline constexpr std::size_t max_template_actions = 200'000;
/// Helpers in helpers, and brackets in one expression.
inline constexpr std::size_t max_template_depth = 64;

struct chart_template {
  /// For messages: "templates/deployment.yaml".
  std::string path;
  std::string text;
};

struct value_use {
  enum class place : std::uint8_t {
    image,    // behind a key `image`, or one that ends so
    other,    // behind another key, in a list: `as`
    test,     // a function that looks at it or takes it apart: `as`
    note,     // a label or an annotation: `as`
    hash,     // what a function makes of it shows when it changes: `as`
    unclear,  // nobody can tell
  };
  place at = place::unclear;
  /// What is written there, or in the same line before it.
  std::vector<values_path> values;
  bool is_changed = false;
  std::string file;
  std::size_t line = 1;
  std::string as;
};

struct chart_uses {
  std::vector<value_use> uses;
  std::vector<written_text> texts{};
  /// Text of the chart's values.schema.json; empty: it has none.
  std::string schema{};
  /// Everything was read; else a limit was reached.
  bool is_whole = true;
};

/// `helpers`: of other charts of the same run, whose `define`s all charts share.
[[nodiscard]] chart_uses read_templates(std::span<const chart_template> templates,
                                        std::span<const chart_template> helpers = {});

/// By its uses, and by what is written beside it.
[[nodiscard]] use_verdict judge_use(const chart_uses& of, const values_place& value);

/// A chart's own templates, and those of its dependencies by the key of their values (alias, else name); none of a
/// dependency that is not there.
struct chart {
  chart_uses own;
  std::map<std::string, std::optional<chart_uses>> dependencies;
};

}  // namespace pinhook::files
