#include <pinhook/pipeline/values_layers.hpp>

#include <pinhook/base/json_pointer.hpp>
#include <pinhook/files/directory_entries.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/files/known_forms.hpp>
#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/pipeline/layered_image.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <system_error>
#include <utility>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;
using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

constexpr std::string_view usual_stem = "values";
constexpr std::string_view fleet_values = "/helm/values";
constexpr std::array<std::string_view, 3> other_folders{"charts", "templates", "ci"};

std::string stem_of(const fs::path& path) {
  std::string out = path.filename().string();
  for (const std::string_view ending : {".yaml", ".yml"})
    if (out.ends_with(ending)) out.resize(out.size() - ending.size());
  return out;
}

bool is_laid_over(std::string_view stem, std::string_view base) {
  if (stem == base) return false;
  return base == usual_stem || (stem.starts_with(base) && std::string_view("-._").contains(stem.at(base.size())));
}

// The values under these keys, one inside of the other.
value_tree tree_below(const source_document& doc, const std::vector<std::string>& keys, std::string by) {
  value_tree out = tree_of(doc, doc.root, std::move(by));
  for (const std::string& key : keys) {
    out.root = doc.find(out.root, key);
    out.globals.push_back(doc.find(out.root, "global"));
  }
  return out;
}

std::string pointer_of(const std::vector<std::string>& keys) {
  std::string out;
  for (const std::string& key : keys) append_pointer(out, key);
  return out;
}

bool is_fleet_bundle(const source_document& doc) { return doc.find(doc.root, "targetCustomizations") != no_node; }

std::vector<value_tree> customizations(const source_document& doc) {
  std::vector<value_tree> out;
  const node_index list = doc.resolve(doc.find(doc.root, "targetCustomizations"));
  if (doc.at(list).kind != source_kind::sequence) return out;
  std::size_t index = 0;
  for (node_index i = doc.at(list).first; i != no_node; i = doc.at(i).next, ++index)
    if (const node_index root = doc.at_pointer(i, fleet_values); root != no_node)
      out.push_back(tree_of(doc, root, fmt::format("targetCustomizations[{}]", index)));
  return out;
}

bool is_fleet_file(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  return name == "fleet.yaml" || name == "fleet.yml";
}

}  // namespace

const values_layers::directory& values_layers::listed(const fs::path& path) {
  const auto [at, is_new] = directories_.try_emplace(path);
  directory& out = at->second;
  if (!is_new) return out;
  std::size_t count = 0;
  // What could be read counts.
  [[maybe_unused]] const std::error_code failed =
      files::each_entry(path.empty() ? "." : path.native(), [&](std::string_view name, fs::file_type type) {
        if (type == fs::file_type::directory && std::ranges::find(other_folders, name) == other_folders.end())
          out.folders.push_back((path / name).lexically_normal());
        else if (type == fs::file_type::regular && files::is_values_file(name) && stem_of(name) != name)
          out.values.push_back((path / name).lexically_normal());
        out.is_chart = out.is_chart || name == "Chart.yaml";
        return ++count < max_files_beside_values;
      });
  std::ranges::sort(out.values);
  std::ranges::sort(out.folders);
  std::ranges::transform(out.values, std::back_inserter(out.stems), stem_of);
  return out;
}

const yaml::source* values_layers::read(const fs::path& path) {
  const auto [at, is_new] = read_.try_emplace(path);
  read_file& out = at->second;
  if (is_new) {
    out.text = read_input_text(path.string()).value_or("");
    if (auto read = yaml::read_source(out.text); read && !read->documents.empty()) out.content = *std::move(read);
  }
  return out.content ? &*out.content : nullptr;
}

std::vector<values_layers::layer_file> values_layers::layers_of(const std::string& path) {
  std::vector<layer_file> out;
  if (path == "-" || !files::is_values_file(path)) return out;
  const fs::path folder = fs::path(path).parent_path();
  const std::string stem = stem_of(path);
  const directory& own = listed(folder);
  for (std::size_t i = 0; i < own.values.size(); ++i) {
    if (is_laid_over(own.stems[i], stem)) out.push_back({own.values[i], {}, {}, true});
    if (is_laid_over(stem, own.stems[i])) out.push_back({own.values[i], {}, {}, false});
  }
  if (own.is_chart) {
    take_of_chart(folder, stem == usual_stem, out);
    return out;
  }
  const fs::path above = (folder / "..").lexically_normal();
  if (const directory& outer = listed(above);
      outer.is_chart && std::ranges::find(other_folders, folder.filename()) == other_folders.end())
    for (const fs::path& one : outer.values)
      if (stem_of(one) == usual_stem) out.push_back({one, {}, {}, false});
  return out;
}

// `is_usual`: of the chart's values.yaml, over which all others go.
void values_layers::take_of_chart(const fs::path& folder, bool is_usual, std::vector<layer_file>& into) {
  for (const related_chart& inner : charts_.inside(folder))
    for (const fs::path& one : listed(inner.folder).values)
      if (stem_of(one) == usual_stem) into.push_back({one, {}, inner.keys, false});
  if (!is_usual) return;
  for (const fs::path& below : listed(folder).folders)
    for (const fs::path& one : listed(below).values) into.push_back({one, {}, {}, true});
  for (const related_chart& outer : charts_.around(folder))
    for (const fs::path& one : listed(outer.folder).values) into.push_back({one, outer.keys, {}, true});
}

bool values_layers::has_any(const std::string& path) { return is_fleet_file(path) || !layers_of(path).empty(); }

renamed_images values_layers::renamed(const std::string& path, const files::image_file& content) {
  renamed_images out;
  const auto read_base = yaml::read_source(content.text());
  if (!read_base || read_base->documents.empty()) return out;
  const source_document& doc = read_base->documents.front();
  if (fs::path folder = fs::path(path).parent_path(); folder != read_for_) {
    read_.clear();
    read_for_ = std::move(folder);
  }
  const auto own_of = [&](const std::string& before) {
    std::vector<std::size_t> found;
    const auto& slots = content.slots();
    for (std::size_t i = 0; i < slots.size(); ++i)
      if (slots[i].document == 0 && !slots[i].is_in_text && slots[i].tag &&
          slots[i].reason == files::skip_reason::none && (before.empty() || slots[i].pointer.starts_with(before + "/")))
        found.push_back(i);
    return found;
  };
  const auto take = [&](const value_tree& base, const std::string& before, const value_tree& other, bool is_over) {
    for (const std::size_t i : own_of(before)) {
      const layered_image image(base, content.slots()[i],
                                std::string_view(content.slots()[i].pointer).substr(before.size()));
      if (auto found = is_over ? image.under(other) : image.above(other)) out.emplace(i, *std::move(found));
    }
  };
  if (is_fleet_file(path) && is_fleet_bundle(doc))
    for (const value_tree& over : customizations(doc))
      take(tree_of(doc, doc.at_pointer(doc.root, fleet_values)), std::string(fleet_values), over, true);
  for (const layer_file& one : layers_of(path)) {
    const std::string before = pointer_of(one.own_keys);
    if (own_of(before).empty()) continue;
    const yaml::source* const other = read(one.path);
    if (other == nullptr) continue;
    take(tree_below(doc, one.own_keys, {}), before, tree_below(other->documents.front(), one.keys, one.path.string()),
         one.is_over);
  }
  return out;
}

}  // namespace pinhook::pipeline
