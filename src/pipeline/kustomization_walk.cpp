#include <pinhook/pipeline/kustomization_walk.hpp>

#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/pipeline/patch_places.hpp>
#include <pinhook/pipeline/repository_paths.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;

bool counts(const files::slot& s) {
  return s.ref && (s.reason == files::skip_reason::none || s.reason == files::skip_reason::skip_label);
}

taken_image taken_from(const files::image_file& content, std::size_t index, const std::string& path) {
  const files::slot& s = content.slots()[index];
  return {.image = s.ref->written(),
          .place = fmt::format("{}:{}:{}", path, s.line, s.column),
          .slot = s,
          .file = canonical_path(path),
          .index = index};
}

// The image that an entry gives; kustomize applies entries further out to it as to any other.
taken_image taken_from_entry(files::slot s, const std::string& path, std::size_t index) {
  constexpr std::size_t times = 2;
  std::string image = s.ref->written();
  return {.image = std::move(image),
          .place = path,
          .slot = std::move(s),
          .times = times,
          .file = canonical_path(path),
          .index = index};
}

bool is_taken(const read_kustomization& k, const taken_image& o) {
  return o.times > 0 && !files::follow(k.images, o.image, o.times).matched.empty();
}

}  // namespace

fs::path canonical_path(const fs::path& path) {
  std::error_code failed;
  // Nearly all paths exist; weakly_canonical asks first.
  auto out = fs::canonical(path, failed);
  if (failed) out = fs::weakly_canonical(path, failed);
  return failed ? path.lexically_normal() : out;
}

std::string dot_problem(std::string_view name, const taken_image& matched) {
  return fmt::format(
      "kustomize reads '.' in the name {} of an entry as any character, so that it matches {} of {}, too",
      pinhook::quoted(name), quoted_name(matched.image), matched.place);
}

std::string cut_problem(std::string_view by) {
  return fmt::format("replacements in {} take it apart at a delimiter, and would not find the tag of a pin", by);
}

result<void> kustomization_walk::take_resources(const std::string& path, const read_kustomization& from,
                                                std::vector<taken_image>& into) {
  open_.push_back(canonical_path(path));
  for (const auto& resource : from.remote)
    notes_.push_back(fmt::format("{}: {} is skipped: not a local file", path, pinhook::quoted(resource)));
  for (const auto& resource : from.resources)
    if (auto ok = take(path, resource, into); !ok && !within_.is_lenient) return ok;
  take_patches(path, from, into);
  take_fields(path, from, into);
  take_cuts(path, from, into);
  open_.pop_back();
  return {};
}

// Entries on the way that give such an image count, too.
void kustomization_walk::take_cuts(const std::string& path, const read_kustomization& from,
                                   std::vector<taken_image>& into) {
  if (from.cuts.empty()) return;
  std::set<std::string, std::less<>> images;
  for (taken_image& one : into) {
    if (std::ranges::none_of(from.cuts, [&](const image_cut& by) { return is_cut(one.slot, by); })) continue;
    one.cut_by = path;
    images.insert(one.image);
  }
  for (taken_image& one : into)
    if (one.slot.form == files::slot_form::kustomization && images.contains(one.image)) one.cut_by = path;
}

// Images in fields that `configurations` and transformers name.
void kustomization_walk::take_fields(const std::string& path, const read_kustomization& from,
                                     std::vector<taken_image>& into) {
  for (const auto* list : {&from.configurations, &from.transformers})
    for (const std::string& one : *list) {
      const auto text = is_text_itself(one) ? result<std::string>(one) : read_input_text(path_beside(path, one));
      if (text) std::ranges::move(image_fields(*text), std::back_inserter(fields_));
    }
  if (fields_.empty()) return;
  for (taken_image& one : into)
    if (one.times == 0 &&
        std::ranges::any_of(fields_, [&](const image_field& field) { return is_reached(one.slot, field); }))
      one.times = 1;
}

result<std::string> kustomization_walk::read(const std::string& path, std::string_view named_by) {
  if (++files_ > max_kustomization_files)
    return fail(error_code::invalid_input, fmt::format("more than {} files are included", max_kustomization_files));
  auto text = read_input_text(path);
  if (!text)
    return fail(error_code::invalid_input,
                fmt::format("{}, which {} includes, {}", path, named_by, text.error().message));
  return text;
}

result<void> kustomization_walk::take(const std::string& from, const std::string& resource,
                                      std::vector<taken_image>& into) {
  const auto path = (fs::path(from).parent_path() / resource).lexically_normal();
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return take_file(path.string(), from, into);
  const auto inner = kustomization_in(path);
  if (!inner)
    return fail(error_code::invalid_input,
                fmt::format("{}, which {} includes, has no kustomization", path.string(), from));
  return take_kustomization(*inner, from, into);
}

result<void> kustomization_walk::take_kustomization(const std::string& path, const std::string& from,
                                                    std::vector<taken_image>& into) {
  if (std::ranges::find(open_, canonical_path(path)) != open_.end())
    return fail(error_code::invalid_input, fmt::format("{} includes {}, which includes it in turn", from, path));
  if (open_.size() >= max_kustomization_depth)
    return fail(error_code::invalid_input,
                fmt::format("{} is nested more than {} kustomizations deep", path, max_kustomization_depth));
  nested_.insert(canonical_path(path));
  const bool is_input = is_pinned_apart(path);
  auto text = read(path, from);
  if (!text) return fail(std::move(text.error()));
  auto inner = read_kustomization_at(path, *text);
  if (!inner) return fail(std::move(inner.error()).at(path));
  std::vector<taken_image> own;
  // A component's patches and entries apply to all that came before it.
  if (inner->is_component) own = std::exchange(into, {});
  const std::size_t before = own.size();
  const auto ok = take_resources(path, *inner, own);
  // The run pins this kustomization by itself, and reports its faults.
  if (!ok && !is_input) return ok;
  for (std::size_t i = 0; is_input && i < own.size(); ++i)
    own[i].is_pinned_apart = own[i].is_pinned_apart || i >= before || is_taken(*inner, own[i]);
  apply(path, *inner, own);
  take_entries(path, *std::move(text), own);
  std::ranges::move(own, std::back_inserter(into));
  return {};
}

void kustomization_walk::take_entries(const std::string& path, std::string text, std::vector<taken_image>& into) const {
  if (!within_.takes_entries) return;
  const auto content = files::image_file::read(std::move(text), path, places_);
  if (!content) return;
  const auto& slots = content->slots();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const files::slot& s = slots[i];
    if (s.form == files::slot_form::kustomization && s.reason == files::skip_reason::none && s.ref && s.tag)
      into.push_back(taken_from_entry(s, path, i));
    else
      continue;
    for (const auto& [item, by] : cut_entries_)
      if (s.pointer == fmt::format("/images/{}", item)) into.back().cut_by = by;
  }
  if (within_.planned == nullptr) return;
  const auto planned = within_.planned->find(canonical_path(path));
  if (planned == within_.planned->end()) return;
  for (std::size_t i = 0; i < planned->second.size(); ++i) {
    files::slot s;
    s.form = files::slot_form::kustomization;
    s.ref = s.tag = planned->second[i];
    into.push_back(taken_from_entry(std::move(s), path, slots.size() + i));
  }
}

result<void> kustomization_walk::take_file(const std::string& path, const std::string& from,
                                           std::vector<taken_image>& into) {
  const bool is_apart = is_pinned_apart(path);
  // The real path costs calls of the system.
  const auto take_known = [&](const fs::path& by) {
    if (within_.read_files == nullptr) return false;
    const auto known = within_.read_files->find(by);
    if (known == within_.read_files->end()) return false;
    std::ranges::copy(known->second, std::back_inserter(into));
    return true;
  };
  if (take_known(path)) return {};
  const auto real_path = canonical_path(path);
  if (take_known(real_path)) return {};
  auto text = read(path, from);
  if (!text && is_apart) return {};
  if (!text) return fail(std::move(text.error()));
  const auto content = files::image_file::read(std::move(*text), path, places_);
  if (!content && is_apart) return {};
  if (!content)
    return fail(error_code::invalid_input,
                fmt::format("{}, which {} includes: {}", path, from, content.error().message));
  std::vector<taken_image> own;
  for (std::size_t i = 0; i < content->slots().size(); ++i) {
    const files::slot& s = content->slots()[i];
    if (!counts(s)) continue;
    own.push_back(taken_from(*content, i, path));
    own.back().times = s.is_in_text ? 0 : files::times_applied(s.pointer);
    own.back().is_pinned_apart = is_apart;
  }
  std::ranges::copy(own, std::back_inserter(into));
  if (within_.read_files == nullptr) return {};
  within_.read_files->emplace(path, own);
  within_.read_files->emplace(real_path, std::move(own));
  return {};
}

// Patches apply to what the resources brought, and the entries of the kustomization to what the patches wrote. Also
// takes the images in the values of charts, which the entries reach, too.
void kustomization_walk::take_patches(const std::string& path, const read_kustomization& from,
                                      std::vector<taken_image>& into) {
  constexpr std::string_view remedy = "check what is built: kustomize build … | pinhook check";
  const auto own = images_within(path, from);
  const std::size_t first = into.size();
  bool has_others = false;
  for (const kustomization_patch& one : from.patches) {
    const std::size_t before = into.size();
    bool may_hold_image = one.text.contains("image");
    if (!one.by.empty()) {
      take_of_other(one, into);
      may_hold_image = false;
    } else if (!one.pointer.empty()) {
      std::ranges::copy_if(own, std::back_inserter(into),
                           [&](const taken_image& image) { return image.slot.pointer.starts_with(one.pointer + "/"); });
    } else {
      const auto file = (fs::path(path).parent_path() / one.text).lexically_normal().string();
      auto text = ++files_ > max_kustomization_files ? fail(error_code::invalid_input, "") : read_input_text(file);
      may_hold_image = text && text->contains("image") && !is_pinned_apart(file);
      if (text) std::ranges::move(images_of_patch(file, *std::move(text)), std::back_inserter(into));
    }
    has_others = has_others || (may_hold_image && into.size() == before);
  }
  for (std::size_t i = first; i < into.size(); ++i) into[i].is_of_patch = true;
  if (has_others)
    notes_.push_back(
        fmt::format("{}: images of its patches get no entry; pin the files of the patches, or {}", path, remedy));
  if (!from.has_charts) return;
  std::ranges::copy_if(own, std::back_inserter(into),
                       [](const taken_image& one) { return one.slot.form == files::slot_form::values; });
  notes_.push_back(fmt::format("{}: images of its charts get no entry; {}", path, remedy));
}

// The images in the kustomization's own text: of patches, and of the values of its charts.
std::vector<taken_image> kustomization_walk::images_within(const std::string& path,
                                                           const read_kustomization& from) const {
  std::vector<taken_image> out;
  if (from.text.empty()) return out;
  const auto content = files::image_file::read(from.text, path, places_);
  if (!content) return out;
  std::map<std::string_view, patch_places> places;
  for (const kustomization_patch& one : from.patches)
    if (!one.pointer.empty()) places.emplace(one.pointer, one.text);
  for (std::size_t i = 0; i < content->slots().size(); ++i) {
    const files::slot& s = content->slots()[i];
    if (!counts(s) || s.form == files::slot_form::kustomization) continue;
    taken_image& one = out.emplace_back(taken_from(*content, i, path));
    // What a chart makes of its values is not known, so that only entries of others are compared with them.
    one.is_pinned_apart = s.form == files::slot_form::values || is_pinned_apart(path);
    one.times = 2;
    if (s.form != files::slot_form::values)
      for (const auto& [pointer, of] : places)
        if (s.pointer.starts_with(pointer) && s.pointer.substr(pointer.size()).starts_with('/'))
          one.times = of.times_applied(std::string_view(s.pointer).substr(pointer.size()));
  }
  return out;
}

// Those of a patch in another object. One file may hold thousands of them, which come one after the other.
void kustomization_walk::take_of_other(const kustomization_patch& one, std::vector<taken_image>& into) {
  object_files& known = within_.read_objects != nullptr ? *within_.read_objects : own_objects_;
  if (!known.contains(one.by)) known.clear();
  const auto [at, is_new] = known.try_emplace(one.by);
  if (is_new)
    if (auto text = read_input_text(one.by))
      if (auto content = files::image_file::read(*std::move(text), one.by, places_)) at->second = *std::move(content);
  if (!at->second) return;
  const std::string before = one.pointer + "/";
  const patch_places places(one.text);
  const auto& slots = at->second->slots();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const files::slot& s = slots[i];
    if (s.document != one.document || !s.pointer.starts_with(before) || !counts(s)) continue;
    taken_image& image = into.emplace_back(taken_from(*at->second, i, one.by));
    image.is_pinned_apart = s.form == files::slot_form::values || is_pinned_apart(one.by);
    image.times = s.form == files::slot_form::values
                      ? 2
                      : places.times_applied(std::string_view(s.pointer).substr(one.pointer.size()));
  }
}

std::vector<taken_image> kustomization_walk::images_of_patch(const std::string& path, std::string text) const {
  std::vector<taken_image> out;
  const patch_places places(text);
  const auto content = files::image_file::read(std::move(text), path, places_);
  if (!content) return out;
  for (std::size_t i = 0; i < content->slots().size(); ++i) {
    const files::slot& s = content->slots()[i];
    if (!counts(s)) continue;
    taken_image& one = out.emplace_back(taken_from(*content, i, path));
    one.times = s.is_in_text ? 0 : places.times_applied(s.pointer);
    one.is_pinned_apart = is_pinned_apart(path);
  }
  return out;
}

void kustomization_walk::find_dots(const std::string& path, const read_kustomization& k,
                                   const std::vector<taken_image>& among) {
  for (const taken_image& one : among)
    for (const std::size_t i : files::matched_by_dots(k.images, one.image, one.times))
      dots_.push_back(
          {path, i, dot_problem(k.images[i].name, one), files::follow(k.images, one.image, one.times).image});
}

// Applies the entries of a kustomization to the images of its resources.
void kustomization_walk::apply(const std::string& path, const read_kustomization& k, std::vector<taken_image>& to) {
  find_dots(path, k, to);
  cut_entries_.clear();
  for (auto& o : to) {
    if (o.times == 0) continue;
    auto built = files::follow(k.images, o.image, o.times);
    o.image = std::move(built.image);
    for (const std::size_t i : built.matched)
      if (!o.cut_by.empty()) cut_entries_.emplace(i, o.cut_by);
    if (!o.is_decided && std::ranges::any_of(built.matched, [&](std::size_t i) { return k.images[i].decides(); })) {
      o.is_decided = true;
      o.decided_by = path;
    }
    if (o.pattern.empty()) o.pattern = k.pattern();
  }
}

}  // namespace pinhook::pipeline
