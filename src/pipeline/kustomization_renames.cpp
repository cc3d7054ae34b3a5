#include <pinhook/files/kustomization.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/pipeline/kustomization_renames.hpp>
#include <pinhook/pipeline/kustomization_walk.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
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
  for (const input* one : inputs) {
    if (!one->content || one->path == "-" || !files::is_kustomization(one->content->text(), one->path)) continue;
    const auto top = read_kustomization_text(one->content->text());
    if (!top || std::ranges::none_of(top->images, renames)) continue;
    kustomization_walk walk({}, rules);
    std::vector<taken_image> taken;
    if (!walk.take_resources(one->path, *top, taken)) continue;
    for (const taken_image& image : taken) {
      const auto file = by_path.find(image.file);
      if (file == by_path.end() || !image.site.tag || image.times == 0) continue;
      const auto built = files::follow(top->images, before_entries(image), image.times);
      if (built.is_decided || built.matched.empty()) continue;
      const auto ref = registry::reference::parse(built.image);
      if (ref && (ref->is_pinned() || ref->canonical() == image.site.tag->canonical())) continue;
      out[file->second].emplace(image.index,
                                renamed_image{ref ? std::optional(*ref) : std::nullopt, built.image, one->path});
    }
  }
  return out;
}

}  // namespace pinhook::pipeline
