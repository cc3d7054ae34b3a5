// The reader of a chart's templates: it finds where each value is written and which functions read it. The templates
// are read as text and followed through `include`, `with`, `range` and variables; nothing is executed, and both
// branches of every condition are taken.
//
//   const chart_uses uses = read_templates(templates);
//   judge_use(uses, place)   // chart_uses.hpp
//
// Pure; any thread.
#pragma once

#include <pinhook/files/chart_uses.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace pinhook::files {

/// Limit of the actions read in one chart; those of a helper count each time it is included. It is enough for several
/// hundred templates of several hundred actions. Without it, helpers that include each other could take forever.
inline constexpr std::size_t max_template_actions = 200'000;
/// Limit of nested helpers, and of nested brackets in one expression.
inline constexpr std::size_t max_template_depth = 64;

struct chart_template {
  /// For messages: "templates/deployment.yaml".
  std::string path;
  std::string text;
};

/// `helpers`: the templates of other charts of the same run, since all charts share their `define`s.
[[nodiscard]] chart_uses read_templates(std::span<const chart_template> templates,
                                        std::span<const chart_template> helpers = {});

}  // namespace pinhook::files
