#include <pinhook/pipeline/chart_relations.hpp>

#include <pinhook/files/directory_entries.hpp>
#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/yaml/each_item.hpp>
#include <pinhook/yaml/source.hpp>

#include <algorithm>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;
using yaml::node_index;

constexpr std::string_view dependencies_key = "dependencies";
constexpr std::string_view dependencies_folder = "charts";
constexpr std::string_view file_scheme = "file://";

// "a/b" for "a/b/", "." for nothing.
fs::path plain(const fs::path& folder) {
  fs::path out = (folder / ".").lexically_normal();
  return out.has_filename() || !out.has_parent_path() ? out : out.parent_path();
}

}  // namespace

void chart_relations::take_dependencies(std::string_view text, chart& into) {
  if (!text.contains(dependencies_key)) return;
  const auto read = yaml::read_source(text);
  if (!read || read->documents.empty()) return;
  const yaml::source_document& doc = read->documents.front();
  yaml::for_each_item(doc, doc.find(doc.root, dependencies_key), [&](node_index one) {
    std::string_view at = doc.text_of(one, "repository");
    at = at.starts_with(file_scheme) ? at.substr(file_scheme.size()) : std::string_view();
    into.dependencies.push_back(
        {std::string(doc.text_of(one, "name")), std::string(doc.text_of(one, "alias")), std::string(at)});
  });
}

const std::optional<chart_relations::chart>& chart_relations::chart_in(const fs::path& folder) {
  const auto [at, is_new] = charts_.try_emplace(folder);
  if (!is_new) return at->second;
  const auto text = read_input_text((folder / "Chart.yaml").string());
  if (!text) return at->second;
  chart out;
  if (const auto read = yaml::read_source(*text); read && !read->documents.empty())
    out.name = read->documents.front().text_of(read->documents.front().root, "name");
  take_dependencies(*text, out);
  // Helm 2's file, which Helm 3 reads, too.
  if (const auto older = read_input_text((folder / "requirements.yaml").string())) take_dependencies(*older, out);
  at->second = std::move(out);
  return at->second;
}

const std::vector<fs::path>& chart_relations::folders_in(const fs::path& folder) {
  const auto [at, is_new] = folders_.try_emplace(folder);
  if (!is_new) return at->second;
  std::size_t count = 0;
  // What could be read counts.
  [[maybe_unused]] const std::error_code failed =
      files::each_entry(folder.native(), [&](std::string_view name, fs::file_type type) {
        if (type == fs::file_type::directory) at->second.push_back(plain(folder / name));
        return ++count < max_charts_beside;
      });
  std::ranges::sort(at->second);
  return at->second;
}

// A dependency may be there several times, each with an alias of its own.
std::vector<std::string> chart_relations::keys_of(const std::string& name, const chart& outer) {
  std::vector<std::string> out;
  for (const dependency& one : outer.dependencies)
    if (one.name == name) out.push_back(one.alias.empty() ? name : one.alias);
  if (out.empty()) out.push_back(name);
  return out;
}

void chart_relations::index(const fs::path& outer, by_named_folder& into) {
  const auto& other = chart_in(outer);
  for (std::size_t i = 0; other && i < other->dependencies.size(); ++i)
    if (const dependency& one = other->dependencies[i]; !one.folder.empty())
      into[plain(outer / one.folder).native()].push_back({outer, one.alias.empty() ? one.name : one.alias});
}

// Asked for each chart of the folder, so that each of the others is looked at once, not once for each.
const chart_relations::by_named_folder& chart_relations::dependents_in(const fs::path& folder) {
  const auto [at, is_new] = dependents_.try_emplace(folder);
  if (is_new)
    for (const fs::path& outer : folders_in(folder)) index(outer, at->second);
  return at->second;
}

void chart_relations::take_around(const fs::path& folder, const std::vector<std::string>& keys,
                                  std::vector<related_chart>& into) {
  const auto& own = chart_in(folder);
  if (!own || open_.size() == max_chart_depth) return;
  open_.push_back(folder);
  const auto take = [&](const fs::path& outer, const std::string& name) {
    if (into.size() >= max_charts_beside || std::ranges::find(open_, outer) != open_.end()) return;
    std::vector<std::string> all{name};
    all.insert(all.end(), keys.begin(), keys.end());
    into.push_back({outer, all});
    take_around(outer, all, into);
  };
  const auto take_of = [&](const by_named_folder& among) {
    if (const auto found = among.find(folder.native()); found != among.end())
      for (const dependent& one : found->second) take(one.folder, one.key);
  };
  const fs::path above = plain(folder / "..");
  const fs::path further = plain(above / "..");
  // Of a path that leads up, the name is unknown.
  const bool is_held = fs::absolute(folder).lexically_normal().parent_path().filename() == dependencies_folder;
  if (const auto& holder = chart_in(further); is_held && holder)
    for (const std::string& name : keys_of(own->name, *holder)) take(further, name);
  take_of(dependents_in(above));
  by_named_folder of_above;
  index(above, of_above);
  if (!is_held) index(further, of_above);
  take_of(of_above);
  open_.pop_back();
}

std::vector<related_chart> chart_relations::around(const fs::path& folder) {
  std::vector<related_chart> out;
  open_.clear();
  take_around(plain(folder), {}, out);
  return out;
}

std::vector<related_chart> chart_relations::inside(const fs::path& folder) {
  std::vector<related_chart> out;
  const fs::path at = plain(folder);
  const auto& own = chart_in(at);
  if (!own) return out;
  for (const fs::path& one : folders_in(at / dependencies_folder))
    if (const auto& inner = chart_in(one))
      for (std::string& key : keys_of(inner->name, *own)) out.push_back({one, {std::move(key)}});
  for (const dependency& one : own->dependencies)
    if (!one.folder.empty()) out.push_back({plain(at / one.folder), {one.alias.empty() ? one.name : one.alias}});
  return out;
}

}  // namespace pinhook::pipeline
