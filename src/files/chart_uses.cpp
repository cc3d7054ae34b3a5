#include <pinhook/files/chart_uses.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::files {
namespace {

using place = value_use::place;

enum class match : std::uint8_t { none, inside, exact };

// Compares a use's path with the value's: exact, or that of a mapping that holds it. A deeper path (`.tag.x`) belongs
// to something else.
match compare_paths(const values_path& used, const values_path& value) {
  if (used.size() == 2 && used[0] == "**") return used[1] == value.back() ? match::inside : match::none;
  if (used.size() > value.size()) return match::none;
  for (std::size_t i = 0; i < used.size(); ++i)
    if (used[i] != value[i] && used[i] != "*") return match::none;
  return used.size() == value.size() ? match::exact : match::inside;
}

match best(const value_use& use, const values_path& value) {
  auto out = match::none;
  for (const values_path& path : use.values) out = std::max(out, compare_paths(path, value));
  return out;
}

// A value of that name in an unknown mapping.
bool is_guess(const value_use& use) { return !use.values.front().empty() && use.values.front().front() == "**"; }

std::string describe(const value_use& use) {
  const std::string where = fmt::format("{}:{}", use.file, use.line);
  if (use.at == place::test) return fmt::format("{} looks at it with {}", where, use.as);
  if (use.at == place::hash) return fmt::format("{} writes its {}", where, use.as);
  if (use.at == place::other && use.as == "-") return fmt::format("{} writes it into a list", where);
  if (use.as.empty()) return fmt::format("{} writes it", where);
  return fmt::format("{} writes it as {}", where, use.as);
}

}  // namespace

use_verdict judge_use(const chart_uses& of, const values_place& value) {
  use_verdict out;
  values_path path = value.mapping;
  path.push_back(value.key);
  values_path name = value.mapping;
  name.push_back(value.name_key);
  const auto keep = [](std::string& into, const value_use& use) {
    if (into.empty()) into = describe(use);
  };
  for (const value_use& use : of.uses) {
    const match found = best(use, path);
    const bool needs_exact = use.at == place::test || use.at == place::hash;
    if (found == match::none || (found == match::inside && needs_exact)) continue;
    if (use.at == place::hash) {
      keep(out.doubt, use);
      continue;
    }
    out.is_used = out.is_used || !is_guess(use);
    // "registry/name:tag", at any place.
    const bool is_image = use.at == place::image || (found == match::exact && best(use, name) == match::exact &&
                                                     !(value.is_whole() && (use.is_changed || use.at == place::test)));
    if (is_image && !use.is_changed && use.at != place::note) continue;
    const bool breaks = use.at == place::other || use.at == place::test || use.at == place::note;
    if (found == match::exact && !is_image && breaks)
      keep(out.conflict, use);
    else if (!value.is_whole() || found == match::exact)
      keep(out.doubt, use);
  }
  use_verdict texts = judge_texts(of.texts, value);
  if (out.conflict.empty()) out.conflict = std::move(texts.conflict);
  if (out.doubt.empty()) out.doubt = std::move(texts.doubt);
  if (!of.is_whole && out.doubt.empty()) out.doubt = "its templates are too large to be read completely";
  return out;
}

}  // namespace pinhook::files
