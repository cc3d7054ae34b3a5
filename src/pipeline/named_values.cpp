#include <pinhook/pipeline/named_values.hpp>

#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/pipeline/kustomization_walk.hpp>
#include <pinhook/pipeline/repository_paths.hpp>
#include <pinhook/yaml/each_item.hpp>

#include <optional>
#include <set>
#include <string_view>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

// sigs.k8s.io/kustomize, api/types/helmchartargs.go: HelmChart, and HelmChartArgs before it.
void take_names(const source_document& doc, std::set<std::string_view>& out) {
  yaml::for_each_item(doc, doc.find(doc.root, "helmCharts"), [&](node_index chart) {
    out.insert(doc.text_of(chart, "valuesFile"));
    yaml::for_each_item(doc, doc.find(chart, "additionalValuesFiles"), [&](node_index file) {
      if (doc.at(file).kind == source_kind::scalar) out.insert(doc.at(file).text);
    });
  });
  yaml::for_each_item(doc, doc.find(doc.root, "helmChartInflationGenerator"),
                      [&](node_index chart) { out.insert(doc.text_of(chart, "values")); });
}

std::optional<std::string> kustomization_text(const fs::path& directory) {
  const auto path = kustomization_in(directory);
  auto text = path ? read_input_text(*path) : fail(error_code::not_found, "");
  return text ? std::optional(*std::move(text)) : std::nullopt;
}

}  // namespace

const path_set& named_values::files_of(const fs::path& directory) {
  const auto [at, is_new] = known_.try_emplace(directory);
  if (!is_new) return at->second;
  const auto text = kustomization_text(directory);
  if (!text || !text->contains("helmChart")) return at->second;
  const auto read = yaml::read_source(*text);
  if (!read) return at->second;
  std::set<std::string_view> names;
  for (const source_document& doc : read->documents) take_names(doc, names);
  for (const std::string_view name : names)
    if (!name.empty()) at->second.insert(canonical_path(directory / name));
  return at->second;
}

bool named_values::is_named(const std::string& path) {
  const fs::path file = canonical_path(path);
  fs::path directory = file.parent_path();
  for (int level = 0; level <= max_levels_above; ++level) {
    if (files_of(directory).contains(file)) return true;
    if (directory == directory.parent_path()) return false;
    directory = directory.parent_path();
  }
  return false;
}

}  // namespace pinhook::pipeline
