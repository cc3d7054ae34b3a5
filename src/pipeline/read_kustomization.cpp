// Reading a kustomization for kustomization_walk.
#include <pinhook/files/kustomization.hpp>
#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/pipeline/kustomization_walk.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;

std::vector<yaml::node_index> items_of(const yaml::source_document& doc, std::string_view key) {
  std::vector<yaml::node_index> out;
  const auto list = doc.resolve(doc.find(doc.root, key));
  if (list == yaml::no_node || doc.at(list).kind != yaml::source_kind::sequence) return out;
  for (auto i = doc.at(list).first; i != yaml::no_node; i = doc.at(i).next) out.push_back(doc.resolve(i));
  return out;
}

std::vector<kustomization_patch> patches_of(const yaml::source_document& doc) {
  std::vector<kustomization_patch> out;
  for (const char* key : {"patches", "patchesStrategicMerge", "patchesJson6902"}) {
    std::size_t index = 0;
    for (const auto i : items_of(doc, key)) {
      const std::string pointer = fmt::format("/{}/{}", key, index++);
      const std::string_view item = doc.at(i).text;
      if (!item.empty()) out.push_back({std::string(item), is_text_itself(item) ? pointer : std::string()});
      const auto target = doc.resolve(doc.find(i, "target"));
      const std::string kind(doc.text_of(target, "kind")), name(doc.text_of(target, "name"));
      if (const auto patch = doc.text_of(i, "patch"); !patch.empty())
        out.push_back({std::string(patch), pointer + "/patch", kind, name});
      if (const auto path = doc.text_of(i, "path"); !path.empty()) out.push_back({std::string(path), {}, kind, name});
    }
  }
  return out;
}

}  // namespace

bool is_text_itself(std::string_view item) { return item.contains('\n') || item.contains(": ") || item.contains('{'); }

std::string path_beside(const std::string& path, std::string_view name) {
  return (fs::path(path).parent_path() / name).lexically_normal().string();
}

result<read_kustomization> read_kustomization_text(std::string_view text) {
  read_kustomization out;
  auto local = files::local_resources(text);
  if (!local) return fail(std::move(local.error()));
  out.resources = std::move(*local);
  auto images = files::image_entries(text);
  if (!images) return fail(std::move(images.error()));
  out.images = std::move(*images);
  const auto read = yaml::read_source(text);
  if (!read) return fail(read.error());
  const std::set<std::string_view> here(out.resources.begin(), out.resources.end());
  for (const auto& doc : read->documents) {
    out.is_component = out.is_component || doc.text_of(doc.root, "kind") == "Component";
    std::ranges::move(patches_of(doc), std::back_inserter(out.patches));
    for (const auto& [key, into] :
         {std::pair("configurations", &out.configurations), {"transformers", &out.transformers}})
      for (const auto i : items_of(doc, key))
        if (const std::string_view item = doc.at(i).text; !item.empty()) into->emplace_back(item);
    for (const char* key : {"helmCharts", "helmChartInflationGenerator"})
      out.has_charts = out.has_charts || !items_of(doc, key).empty();
    for (const char* key : {"resources", "bases", "components"})
      for (const auto i : items_of(doc, key))
        if (const auto resource = doc.at(i).text; !here.contains(resource)) out.remote.emplace_back(resource);
  }
  if (!out.patches.empty() || out.has_charts) out.text = text;
  return out;
}

result<read_kustomization> read_kustomization_at(const std::string& path, std::string_view text) {
  auto out = read_kustomization_text(text);
  if (!out) return out;
  for (const std::string& one : out->transformers) {
    const auto file = is_text_itself(one) ? result<std::string>(one) : read_input_text(path_beside(path, one));
    if (!file) continue;
    std::ranges::move(transformer_entries(*file), std::back_inserter(out->images));
  }
  out->cuts = image_cuts(text);
  for (const std::string& one : replacement_files(text))
    if (const auto file = read_input_text(path_beside(path, one)))
      std::ranges::move(image_cuts(*file), std::back_inserter(out->cuts));
  return out;
}

}  // namespace pinhook::pipeline
