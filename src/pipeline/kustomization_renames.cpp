#include <pinhook/pipeline/kustomization_renames.hpp>

#include <pinhook/files/file_walk.hpp>
#include <pinhook/files/kustomization.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/pipeline/kustomization_walk.hpp>
#include <pinhook/pipeline/kustomizations_around.hpp>
#include <pinhook/pipeline/path_order.hpp>
#include <pinhook/pipeline/post_renderers.hpp>
#include <pinhook/pipeline/stacked_images.hpp>
#include <pinhook/pipeline/value_patches.hpp>
#include <pinhook/pipeline/values_layers.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::pipeline {
namespace {

bool renames(const files::kustomize_entry& entry) { return !entry.new_name.empty() && !entry.decides(); }

// The tag reference that reaches the entries of the kustomization; of a pinned image the one in its file.
std::string before_entries(const taken_image& one) {
  return one.slot.is_pinned() ? one.slot.tag->written() : one.image;
}

// Limit of the names that are asked for beside that of one image. A folder that each of thousands of objects delivers
// under a name of its own is no one image.
constexpr std::ptrdiff_t max_other_names = 100;

void put(renamed_images& into, std::size_t index, renamed_image one) {
  const auto [begin, end] = into.equal_range(index);
  const auto is_same = [&](const auto& known) {
    return known.second.text == one.text && known.second.problem.empty() == one.problem.empty();
  };
  static const std::string limit = fmt::format("more than {} other names are given to it", max_other_names);
  if (std::any_of(begin, end, is_same) || (begin != end && begin->second.problem == limit)) return;
  if (std::distance(begin, end) < max_other_names) {
    into.emplace(index, std::move(one));
    return;
  }
  into.erase(begin, end);
  into.emplace(index, renamed_image{.ref = std::nullopt,
                                    .text = {},
                                    .by = one.by,
                                    .problem = limit,
                                    .remedy = "pin it where these names are given"});
}

class rename_finder {
 public:
  rename_finder(const files::image_places& places, const planned_entries& planned)
      : places_(places), planned_(planned) {}

  void take(const std::string& path, const read_kustomization& top, const value_patches& patches) {
    kustomization_walk walk(
        {.takes_entries = true, .is_lenient = true, .read_files = &read_files_, .planned = &planned_}, places_);
    std::vector<taken_image> taken;
    if (!walk.take_resources(path, top, taken)) return;
    walk.find_dots(path, top, taken);
    for (const taken_image& image : taken) take_image(path, top, image);
    take_values(patches, taken);
    for (const dot_match& one : walk.take_dots()) take_dot(one);
    inner_.insert(walk.nested().begin(), walk.nested().end());
    taken_by_.push_back({path, &top, std::move(taken)});
  }

  // What an object of a controller makes of the images of a folder. Its entries are no items of the kustomization.
  void take_delivered(const controller_overlay& by) {
    const auto [at, is_new] = delivered_.try_emplace(by.kustomization);
    delivered_images& from = at->second;
    if (is_new) from.top = delivered_folder(by.kustomization);
    if (!from.top) return;
    if (by.patches.empty()) {
      take_images_of(by.kustomization, from);
      read_kustomization entries;
      entries.images = from.top->images;
      add_overlay(by, entries);
      take_renamed_by(by, entries, from.images);
      return;
    }
    read_kustomization top = *from.top;
    add_overlay(by, top);
    const auto taken = images_of(by.kustomization, top);
    take_renamed_by(by, top, taken);
    read_kustomization added;
    added.patches = by.patches;
    // Kustomize makes replacements after patches.
    added.cuts = top.cuts;
    take_values(value_patches(by.kustomization, added), taken);
  }

  renames_by_file found() {
    take_replaced();
    return std::move(out_);
  }

 private:
  // A folder as it is without an overlay. Many objects may deliver one, each with a tag of its own.
  struct delivered_images {
    std::optional<read_kustomization> top;
    bool has_images = false;
    std::vector<taken_image> images;
  };

  void take_images_of(const std::string& kustomization, delivered_images& into) {
    if (std::exchange(into.has_images, true)) return;
    into.images = images_of(kustomization, *into.top);
    read_kustomization added;
    added.cuts = into.top->cuts;
    take_values(value_patches(kustomization, added), into.images);
  }

  std::vector<taken_image> images_of(const std::string& path, const read_kustomization& top) {
    kustomization_walk walk(
        {.takes_entries = true, .is_lenient = true, .read_files = &read_files_, .read_objects = &read_objects_},
        places_);
    std::vector<taken_image> out;
    if (!walk.take_resources(path, top, out)) out.clear();
    return out;
  }

  void take_renamed_by(const controller_overlay& by, const read_kustomization& top,
                       const std::vector<taken_image>& images) {
    for (const taken_image& image : images)
      if (image.cut_by.empty()) take_renamed(by.by, top, image, "write the tag beside the new name there");
  }

  // A kustomization with the images of its resources.
  struct outer_images {
    std::string path;
    const read_kustomization* top = nullptr;
    std::vector<taken_image> images;
  };

  // The uses of one image: the entry that replaces it, and whether a kustomization takes it without one.
  struct image_use {
    std::optional<renamed_image> replaced;
    bool is_taken = false;
  };

  // Images that are replaced wherever a kustomization that no other one includes takes them.
  void take_replaced() {
    std::map<std::pair<std::filesystem::path, std::size_t>, image_use> uses;
    for (const outer_images& outer : taken_by_) {
      if (outer.top->is_component || inner_.contains(canonical_path(outer.path))) continue;
      for (const taken_image& image : outer.images)
        if (image.slot.form == files::slot_form::scalar) take_use(outer, image, uses[{image.file, image.index}]);
    }
    for (auto& [at, use] : uses)
      if (use.replaced && !use.is_taken) put(out_[at.first], at.second, *std::move(use.replaced));
  }

  static void take_use(const outer_images& outer, const taken_image& image, image_use& into) {
    const auto built = files::follow(outer.top->images, image.image, image.times);
    const bool is_own =
        std::ranges::any_of(built.matched, [&](std::size_t i) { return outer.top->images[i].decides(); });
    if (image.times == 0 || (!is_own && !image.is_decided)) {
      into.is_taken = true;
      return;
    }
    const std::string& by = is_own ? outer.path : image.decided_by;
    into.replaced = {.ref = std::nullopt,
                     .text = built.image,
                     .by = by,
                     .problem = fmt::format("replaced by {} in {}", quoted_name(built.image), by),
                     .is_replaced = true};
  }

  // Entries whose image a transformer changes once more: it would not find the tag, or rename the digest.
  void take_transformed(const std::string& path, const read_kustomization& top, const taken_image& image) {
    const auto is_transformer = [&](std::size_t i) { return top.images[i].fault == transformer_fault; };
    const auto built = files::follow(top.images, image.image, image.times);
    if (std::ranges::none_of(built.matched, is_transformer)) return;
    for (const std::size_t i : built.matched)
      if (top.images[i].fault.empty())
        take_dot({path, i, fmt::format("a transformer changes it to {}", quoted_name(built.image)), built.image},
                 transformer_remedy);
  }

  // The image, and the entries that give it.
  void take_cut(const std::string& path, const read_kustomization& top, const taken_image& image) {
    const std::string problem = cut_problem(image.cut_by);
    put(out_[image.file], image.index,
        {.ref = std::nullopt, .text = {}, .by = image.cut_by, .problem = problem, .remedy = std::string(cut_remedy)});
    const auto built = files::follow(top.images, image.image, image.times);
    for (const std::size_t i : built.matched)
      if (top.images[i].fault.empty()) take_dot({path, i, problem, built.image}, cut_remedy);
  }

  void take_image(const std::string& path, const read_kustomization& top, const taken_image& image) {
    if (!image.cut_by.empty()) return take_cut(path, top, image);
    take_transformed(path, top, image);
    take_renamed(path, top, image);
  }

  void take_renamed(const std::string& path, const read_kustomization& top, const taken_image& image,
                    std::string_view remedy = {}) {
    if (!image.slot.tag || image.times == 0 || image.is_decided) return;
    const auto built = files::follow(top.images, before_entries(image), image.times);
    const auto decides = [&](std::size_t i) { return top.images[i].decides(); };
    if (std::ranges::any_of(built.matched, decides) || built.image == image.slot.tag->written()) return;
    const auto ref = registry::reference::parse(built.image);
    if (ref && (ref->is_pinned() || ref->written_name() == image.slot.tag->written_name() ||
                ref->canonical() == image.slot.tag->canonical()))
      return;
    const auto is_transformer = [&](std::size_t i) { return top.images[i].fault == transformer_fault; };
    put(out_[image.file], image.index,
        {.ref = ref ? std::optional(*ref) : std::nullopt,
         .text = built.image,
         .by = path,
         .remedy = std::string(std::ranges::any_of(built.matched, is_transformer) ? transformer_remedy : remedy)});
  }

  void take_values(const value_patches& patches, const std::vector<taken_image>& all) {
    values_.find(patches, all,
                 [&](const taken_image& of, renamed_image one) { put(out_[of.file], of.index, std::move(one)); });
  }

  // Finds the image of the file that is the entry.
  void take_dot(const dot_match& one, std::string_view remedy = {}) {
    auto text = read_input_text(one.path);
    if (!text) return;
    const auto content = files::image_file::read(*std::move(text), one.path, places_);
    if (!content) return;
    const auto found = std::ranges::find(content->slots(), fmt::format("/images/{}", one.item), &files::slot::pointer);
    if (found == content->slots().end()) return;
    auto ref = registry::reference::parse(one.built);
    put(out_[canonical_path(one.path)], static_cast<std::size_t>(found - content->slots().begin()),
        {.ref = ref && !ref->is_pinned() ? std::optional(*std::move(ref)) : std::nullopt,
         .text = one.built,
         .by = one.path,
         .problem = one.problem,
         .remedy = std::string(remedy)});
  }

  const files::image_places& places_;
  const planned_entries& planned_;
  taken_files read_files_;
  object_files read_objects_;
  std::map<std::string, delivered_images> delivered_;
  images_of_values values_;
  std::vector<outer_images> taken_by_;
  /// Kustomizations that others include.
  std::set<std::filesystem::path> inner_;
  renames_by_file out_;
};

}  // namespace

renames_by_file find_renames(const std::vector<std::string>& kustomizations, const files::image_places& places,
                             const planned_entries& planned, const std::vector<controller_overlay>& overlays) {
  struct top_kustomization {
    std::string path;
    read_kustomization content;
    value_patches patches;
  };
  std::vector<top_kustomization> tops;
  bool has_change = false;
  for (const std::string& path : kustomizations) {
    const auto text = read_input_text(path);
    auto read = text ? read_kustomization_at(path, *text) : fail(text.error());
    if (!read) continue;
    value_patches patches(path, *read);
    has_change = has_change || !patches.is_empty() ||
                 std::ranges::any_of(read->cuts, [](const image_cut& cut) { return !cut.is_whole; }) ||
                 std::ranges::any_of(read->images, [](const files::kustomize_entry& entry) {
                   return renames(entry) || entry.decides();
                 });
    tops.push_back({path, *std::move(read), std::move(patches)});
  }
  // Where no entry changes an image, no resource is read.
  if (!has_change && overlays.empty()) return {};
  rename_finder finder(places, planned);
  for (const controller_overlay& one : overlays) finder.take_delivered(one);
  for (const top_kustomization& top : tops) finder.take(top.path, top.content, top.patches);
  return finder.found();
}

namespace {

// Of images that are replaced those remain that a kustomization of the run replaces.
void keep_of_run(renames_by_file& all, const std::vector<std::string>& paths) {
  const auto is_replaced = [](const auto& image) { return image.second.is_replaced; };
  const auto has_replaced = [&](const auto& file) { return std::ranges::any_of(file.second, is_replaced); };
  // As a rule, and each path costs questions to the system.
  if (std::ranges::none_of(all, has_replaced)) return;
  path_set own;
  for (const std::string& path : paths) own.insert(canonical_path(path));
  for (auto& [file, images] : all)
    std::erase_if(images,
                  [&](const auto& one) { return is_replaced(one) && !own.contains(canonical_path(one.second.by)); });
}

}  // namespace

namespace {

void add_layers(values_layers& layers, const std::string& path, const files::image_file& content,
                renamed_images& into) {
  for (auto& [index, one] : layers.renamed(path, content)) put(into, index, std::move(one));
}

void add_post_renderers(const files::image_file& content, renamed_images& into) {
  for (auto& [index, one] : renamed_by_post_renderers(content)) put(into, index, std::move(one));
}

}  // namespace

renames_by_file renames_around(const std::vector<std::string>& arguments, const files::image_places& places) {
  std::vector<std::string> names;
  std::ranges::copy_if(arguments, std::back_inserter(names), [](const auto& one) { return one != "-"; });
  const auto found = files::find_files(names);
  if (!found) return {};
  auto out = find_renames(kustomizations_around(found->paths), places);
  keep_of_run(out, found->paths);
  values_layers layers;
  for (const std::string& path : found->paths) {
    if (!layers.has_any(path)) continue;
    auto text = read_input_text(path);
    const auto content = text ? files::image_file::read(*std::move(text), path, places) : fail(text.error());
    if (content) add_layers(layers, path, *content, out[canonical_path(path)]);
  }
  return out;
}

namespace {

using all_gaps = std::vector<std::optional<kustomization_gaps>>;

planned_entries planned_of(const std::vector<const input*>& inputs, const all_gaps* gaps) {
  planned_entries out;
  for (std::size_t i = 0; gaps != nullptr && i < inputs.size(); ++i)
    if ((*gaps)[i])
      for (const kustomization_gap& gap : (*gaps)[i]->missing) out[canonical_path(inputs[i]->path)].push_back(gap.ref);
  return out;
}

// Moves what is said of entries that would be added.
void move_to_gaps(std::vector<renamed_images>& all, const std::vector<const input*>& inputs, all_gaps& gaps) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!gaps[i] || !inputs[i]->content) continue;
    const std::size_t slots = inputs[i]->content->slots().size();
    for (auto at = all[i].lower_bound(slots); at != all[i].end(); at = all[i].erase(at))
      gaps[i]->missing.at(at->first - slots).renamed.push_back(at->second);
  }
}

}  // namespace

std::vector<renamed_images> renames_in(const std::vector<const input*>& inputs, const std::vector<std::string>& around,
                                       const files::image_places& places, all_gaps* gaps) {
  std::vector<std::string> paths;
  for (const input* one : inputs) paths.push_back(one->path);
  std::vector<std::string> kustomizations;
  path_set own;
  for (const input* one : inputs)
    if (one->content && one->path != "-" && files::is_kustomization(one->content->text(), one->path) &&
        own.insert(canonical_path(one->path)).second)
      kustomizations.push_back(one->path);
  std::ranges::copy_if(around, std::back_inserter(kustomizations),
                       [&](const std::string& path) { return !own.contains(canonical_path(path)); });
  auto found = find_renames(kustomizations, places, planned_of(inputs, gaps), controller_overlays(inputs));
  keep_of_run(found, paths);
  std::vector<renamed_images> out(inputs.size());
  values_layers layers;
  auto stacked = renamed_in_stacks(inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const input& one = *inputs[i];
    if (!found.empty())
      if (const auto at = found.find(canonical_path(one.path)); at != found.end()) out[i] = at->second;
    for (auto& [index, image] : stacked[i]) put(out[i], index, std::move(image));
    if (one.content && layers.has_any(one.path)) add_layers(layers, one.path, *one.content, out[i]);
    if (one.content && may_have_post_renderers(one.content->text())) add_post_renderers(*one.content, out[i]);
  }
  if (gaps != nullptr) move_to_gaps(out, inputs, *gaps);
  return out;
}

}  // namespace pinhook::pipeline
