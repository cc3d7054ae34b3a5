#include <pinhook/pipeline/patch_places.hpp>

#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/yaml/source.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace pinhook::pipeline {
namespace {

// "12" and "/value" of "/12/value"; nothing when there is no number.
std::optional<std::pair<std::size_t, std::string_view>> cut_index(std::string_view pointer) {
  if (!pointer.starts_with('/')) return std::nullopt;
  const std::string_view part = pointer.substr(1, pointer.find('/', 1) - 1);
  std::size_t index = 0;
  const auto [end, failed] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (failed != std::errc() || end != part.data() + part.size()) return std::nullopt;
  return std::pair(index, pointer.substr(part.size() + 1));
}

// "/spec/containers/-" is an item of that list as any other.
std::string with_items(std::string_view path) {
  std::string out(path);
  for (std::size_t at = out.find("/-"); at != std::string::npos; at = out.find("/-", at + 1))
    if (at + 2 == out.size() || out[at + 2] == '/') out[at + 1] = '0';
  return out;
}

}  // namespace

patch_places::patch_places(std::string_view patch) {
  const auto read = yaml::read_source(patch);
  if (!read || read->documents.empty()) return;
  const yaml::source_document& doc = read->documents.front();
  const auto root = doc.resolve(doc.root);
  is_json_patch_ = doc.at(root).kind == yaml::source_kind::sequence;
  if (!is_json_patch_) return;
  for (auto i = doc.at(root).first; i != yaml::no_node; i = doc.at(i).next)
    paths_.push_back(with_items(doc.text_of(i, "path")));
}

std::size_t patch_places::times_applied(std::string_view pointer) const {
  const auto cut = cut_index(pointer);
  // An object of several, or one alone.
  if (!is_json_patch_) return files::times_applied(cut ? cut->second : pointer);
  constexpr std::string_view value = "/value";
  if (!cut || cut->first >= paths_.size() || !cut->second.starts_with(value)) return 0;
  return files::times_applied(paths_[cut->first] + std::string(cut->second.substr(value.size())));
}

}  // namespace pinhook::pipeline
