#include <pinhook/pipeline/kustomization_renames.hpp>

#include <pinhook/files/kustomization.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/pipeline/kustomization_walk.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace pinhook::pipeline {
namespace {

bool renames(const files::kustomize_entry& entry) { return !entry.new_name.empty() && !entry.decides(); }

// The tag reference that reaches the entries of the kustomization: of a pinned one as it stands in its file.
std::string before_entries(const taken_image& one) {
  return one.site.is_pinned() ? one.site.tag->written() : one.image;
}

}  // namespace

std::vector<renamed_images> renames_in(const std::vector<const input*>& inputs, const files::file_rules& rules) {
  std::vector<renamed_images> out(inputs.size());
  std::map<std::filesystem::path, std::size_t> by_path;
  for (std::size_t i = 0; i < inputs.size(); ++i) by_path.emplace(canonical_path(inputs[i]->path), i);
  std::vector<std::pair<const input*, read_kustomization>> tops;
  for (const input* one : inputs) {
    if (!one->content || one->path == "-" || !files::is_kustomization(one->content->text(), one->path)) continue;
    if (auto read = read_kustomization_text(one->content->text())) tops.emplace_back(one, *std::move(read));
  }
  // Mostly none does, and no resource need be read.
  const auto has_rename = [](const auto& top) { return std::ranges::any_of(top.second.images, renames); };
  if (std::ranges::none_of(tops, has_rename)) return out;
  for (const auto& [one, top] : tops) {
    kustomization_walk walk({.takes_entries = true}, rules);
    std::vector<taken_image> taken;
    if (!walk.take_resources(one->path, top, taken)) continue;
    for (const taken_image& image : taken) {
      const auto file = by_path.find(image.file);
      if (file == by_path.end() || !image.site.tag || image.times == 0 || image.is_decided) continue;
      const auto built = files::follow(top.images, before_entries(image), image.times);
      const auto decides = [&](std::size_t i) { return top.images[i].decides(); };
      if (std::ranges::any_of(built.matched, decides) || built.image == image.site.tag->written()) continue;
      const auto ref = registry::reference::parse(built.image);
      if (ref && (ref->is_pinned() || ref->written_name() == image.site.tag->written_name() ||
                  ref->canonical() == image.site.tag->canonical()))
        continue;
      out[file->second].emplace(image.index,
                                renamed_image{ref ? std::optional(*ref) : std::nullopt, built.image, one->path});
    }
  }
  return out;
}

}  // namespace pinhook::pipeline
