#include <pinhook/pipeline/kustomization_gaps.hpp>

#include <pinhook/files/kustomization.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/pipeline/kustomization_walk.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;

// An image after the entries of the kustomization itself.
struct built_image {
  const taken_image* from = nullptr;
  registry::reference ref;
};

files::slot as_built(const files::slot& s, const registry::reference& ref) {
  auto out = s;
  out.ref = ref;
  if (!ref.is_pinned()) out.tag = ref;
  return out;
}

slot_order order_of(const files::slot& s, const registry::reference& ref, const slot_rules& from) {
  return from.order_of(as_built(s, ref));
}

std::vector<rules::effects> effects_of(const std::vector<built_image>& all, const slot_rules& from) {
  std::vector<rules::effects> out;
  if (from.set.is_empty()) return out;
  for (const built_image& one : all)
    if (auto e = from.effects_of(as_built(one.from->slot, one.ref)); std::ranges::find(out, e) == out.end())
      out.push_back(e);
  return out;
}

// Images that one entry has to pin: an existing entry without tag and digest, or a new one with their name.
struct gap_group {
  std::optional<std::size_t> entry;
  std::string name;
  std::vector<built_image> images;
};

class gap_finder {
 public:
  gap_finder(const read_kustomization& top, const slot_rules& orders) : top_(top), orders_(orders) {}

  result<kustomization_gaps> find(const std::vector<taken_image>& all, std::vector<std::string> notes) {
    out_.notes = std::move(notes);
    for (const auto& o : all) take(o);
    for (const auto& group : groups_)
      if (auto ok = judge(group); !ok) return fail(std::move(ok.error()));
    if (auto ok = verify(all); !ok) return fail(std::move(ok.error()));
    if (auto ok = verify_names(all); !ok) return fail(std::move(ok.error()));
    return std::move(out_);
  }

 private:
  void take(const taken_image& o) {
    if (o.is_pinned_apart) return;
    if (!o.cut_by.empty()) {
      if (!o.slot.is_pinned())
        out_.notes.push_back(
            fmt::format("{} of {} gets no entry: {}; {}", o.image, o.place, cut_problem(o.cut_by), cut_remedy));
      return;
    }
    const auto built = files::follow(top_.images, o.image, o.times);
    auto ref = registry::reference::parse(built.image);
    if (!ref) {
      if (built.matched.empty())
        out_.notes.push_back(
            fmt::format("{} of {} gets no entry: kustomize changes it to {}, which is not a valid image reference",
                        o.image, o.place, built.image));
      return;
    }
    if (o.times > 0 && loses_entry(o, built)) {
      out_.notes.push_back(
          fmt::format("{} in {} is pinned without the tag that an entry of `images` compares, so that the "
                      "entry does not reach it: write {}@{} there",
                      o.image, o.place, o.slot.tag->written(), o.slot.ref->digest()->to_string()));
    }
    if (o.times == 0) {
      if (!ref->is_pinned() && !o.is_skipped() && order_of(o.slot, *ref, orders_).never.empty())
        out_.notes.push_back(
            fmt::format("{} gets no entry: kustomize's images do not reach {}; pin it there", o.image, o.place));
      return;
    }
    // The fault of an entry is reported with the entry itself.
    if (std::ranges::any_of(built.matched, [&](auto i) { return top_.images[i].fault == transformer_fault; }) &&
        !built.is_decided && !ref->is_pinned())
      out_.notes.push_back(fmt::format("{} of {} gets no entry: a transformer changes it to {}; {}", o.image, o.place,
                                       built.image, transformer_remedy));
    const auto has_fault = [&](std::size_t i) { return !top_.images[i].fault.empty(); };
    if (built.is_decided || std::ranges::any_of(built.matched, has_fault)) return;
    const std::string pattern = o.pattern.empty() ? top_.pattern() : o.pattern;
    if (!pattern.empty()) {
      if (!ref->is_pinned())
        out_.notes.push_back(
            fmt::format("{} of {} gets no entry: kustomize reads the name {} of one as a regular "
                        "expression, which may match it; write the names of images there",
                        o.image, o.place, pinhook::quoted(pattern)));
      return;
    }
    const std::optional<std::size_t> entry = built.matched.empty() ? std::nullopt : std::optional(built.matched.back());
    const std::string name(entry ? std::string_view() : ref->written_name());
    auto at = std::ranges::find_if(groups_, [&](const gap_group& g) { return g.entry == entry && g.name == name; });
    if (at == groups_.end()) at = groups_.insert(groups_.end(), {entry, name, {}});
    at->images.push_back({&o, *std::move(ref)});
  }

  // A pin in the image's own file, which an entry for its tag no longer matches.
  [[nodiscard]] bool loses_entry(const taken_image& o, const files::followed_image& built) const {
    if (!o.slot.is_pinned() || !o.slot.tag || o.slot.ref->written() != o.image) return false;
    return files::follow(top_.images, o.slot.tag->written(), o.times).matched != built.matched;
  }

  // The gap that a group leaves, if any.
  result<void> judge(const gap_group& group) {
    const auto& same = group.images;
    const std::string_view kind = group.entry ? "digest" : "entry";
    if (std::ranges::all_of(same, [](const built_image& b) { return b.ref.is_pinned(); })) return {};
    const auto& first = same.front();
    std::optional<pin::pin_format> format;
    for (const auto& one : same) {
      const auto order = order_of(one.from->slot, one.ref, orders_);
      if (!order.never.empty()) {
        out_.notes.push_back(fmt::format("{} gets no {}: rule {} says pin: never of the image in {}", one.ref.written(),
                                         kind, order.never, one.from->place));
        return {};
      }
      if (!format) format = order.format;
    }
    for (const auto& one : same) {
      if (one.ref.canonical() == first.ref.canonical()) continue;
      return fail(error_code::invalid_input,
                  fmt::format("{} is {} in {} and {} in {}: one entry would change both; {}", first.ref.written_name(),
                              first.ref.written(), first.from->place, one.ref.written(), one.from->place,
                              remedy_for_both(group, {&first.ref, &one.ref})));
    }
    const auto skipped = std::ranges::find_if(same, [](const built_image& b) { return b.from->is_skipped(); });
    if (skipped == same.end())
      out_.missing.push_back({first.ref, first.from->place, format, group.entry, effects_of(same, orders_)});
    else
      out_.notes.push_back(fmt::format("{} gets no {}: the object in {} is labelled pinhook.dev/pin: skip",
                                       first.ref.written(), kind, skipped->from->place));
    return {};
  }

  // Under a new name the digests of their own files would be those of other images.
  [[nodiscard]] std::string remedy_for_both(const gap_group& group,
                                            std::array<const registry::reference*, 2> both) const {
    const files::kustomize_entry* entry = group.entry ? &top_.images[*group.entry] : nullptr;
    if (entry == nullptr || entry->new_name.empty()) return "pin them in their own files";
    if (files::compares_tags(*entry) || std::ranges::any_of(both, [](const auto* one) { return one->tag().empty(); }))
      return fmt::format("write {} in their own files, in the place of the entry", entry->new_name);
    return fmt::format("write an entry for each tag in its place: name: {0}:{1} and name: {0}:{2}, with this newName",
                       entry->name, both[0]->tag(), both[1]->tag());
  }

  // No digest may be written into the image here.
  [[nodiscard]] bool has_no_room(const taken_image& o, const files::followed_image& own) const {
    return !o.cut_by.empty() ||
           std::ranges::any_of(own.matched, [&](auto i) { return top_.images[i].fault == transformer_fault; });
  }

  // Fails when the added entries would change an image to another one.
  result<void> verify(const std::vector<taken_image>& all) const {
    if (out_.missing.empty()) return {};
    auto planned = top_.images;
    for (const auto& gap : out_.missing) {
      const std::string tag(gap.ref.effective_tag());
      if (gap.entry)
        planned[*gap.entry].new_tag = tag;
      else
        planned.push_back({.name = std::string(gap.ref.written_name()), .new_tag = tag});
    }
    for (const auto& o : all) {
      const auto own = files::follow(top_.images, o.image, o.times);
      const auto with_entries = files::follow(planned, o.image, o.times);
      const bool is_reached = with_entries.matched != own.matched || std::ranges::any_of(out_.missing, [&](auto& gap) {
                                return gap.entry && std::ranges::find(own.matched, *gap.entry) != own.matched.end();
                              });
      if (has_no_room(o, own) && is_reached)
        return fail(error_code::invalid_input,
                    fmt::format("{} of {} would get the digest of an entry for its name, which replacements or a "
                                "transformer change once more; pin them in their own files",
                                own.image, o.place));
      const std::string& built = own.image;
      const std::string& text = with_entries.image;
      const auto before = registry::reference::parse(built);
      const auto after = registry::reference::parse(text);
      if (before ? after && after->canonical() == before->canonical() : built == text) continue;
      return fail(error_code::invalid_input,
                  fmt::format("{} of {} would become {} by an entry for another image; pin them in their own files",
                              built, o.place, text));
    }
    return {};
  }

  // Fails for an entry that gives a tag and matches another name, too, since its digest would apply to both.
  result<void> verify_names(const std::vector<taken_image>& all) const {
    for (const auto& o : all)
      for (const std::size_t i : files::matched_by_dots(top_.images, o.image, o.times))
        return fail(error_code::invalid_input,
                    fmt::format("{}; {}", dot_problem(top_.images[i].name, o), files::dot_remedy));
    return {};
  }

  const read_kustomization& top_;
  const slot_rules& orders_;
  std::vector<gap_group> groups_;
  kustomization_gaps out_;
};

}  // namespace

result<kustomization_gaps> find_kustomization_gaps(const std::string& path, std::string_view text,
                                                   const gap_limits& within) {
  auto top = read_kustomization_at(path, text);
  if (!top) return fail(std::move(top.error()));
  const fs::path real_path = within.overlays.empty() ? fs::path() : canonical_path(path);
  for (const controller_overlay& one : within.overlays)
    if (one.real_path.native() == real_path.native())
      top->patches.insert(top->patches.end(), one.patches.begin(), one.patches.end());
  kustomization_walk through({.pinned_apart = &within.inputs, .read_objects = within.objects}, within.places);
  std::vector<taken_image> all;
  if (auto ok = through.take_resources(path, *top, all); !ok) return fail(std::move(ok.error()));
  return gap_finder(*top, within.orders).find(all, through.take_notes());
}

std::vector<std::optional<result<kustomization_gaps>>> gaps_of_named(const std::vector<const input*>& inputs,
                                                                     const files::image_places& places,
                                                                     const slot_rules& orders) {
  const auto is_named = [](const input* in) {
    return in->content && in->is_named && in->path != "-" && files::is_kustomization(in->content->text(), in->path);
  };
  std::vector<std::optional<result<kustomization_gaps>>> out(inputs.size());
  // As a rule, and each path costs questions to the system.
  if (std::ranges::none_of(inputs, is_named)) return out;
  std::set<fs::path> paths;
  for (const auto* in : inputs) {
    std::error_code ignored;
    paths.insert(fs::weakly_canonical(in->path, ignored));
  }
  const auto overlays = controller_overlays(inputs);
  object_files objects;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const input& in = *inputs[i];
    if (is_named(&in))
      out[i] = find_kustomization_gaps(in.path, in.content->text(), {paths, places, orders, overlays, &objects});
  }
  return out;
}

}  // namespace pinhook::pipeline
