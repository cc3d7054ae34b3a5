// The `images` of a kustomization (sigs.k8s.io/kustomize, api/types/image.go); kustomize_image.hpp describes their
// effect.
#include <pinhook/files/filled_in.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/files/kustomize_image.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_kind;

constexpr std::array<std::pair<std::string_view, std::string kustomize_entry::*>, 5> entry_keys{{
    {"name", &kustomize_entry::name},
    {"newName", &kustomize_entry::new_name},
    {"newTag", &kustomize_entry::new_tag},
    {"tagSuffix", &kustomize_entry::tag_suffix},
    {"digest", &kustomize_entry::digest},
}};

struct kustomization_entry {
  found_image image;
  kustomize_entry values;
};

// The node where the image is written: its tag, else its digest, else its name.
node_index place_in_entry(const image_search& in, const found_image& image) {
  if (!scalar_at(in.doc, image.tag).empty()) return image.tag;
  return scalar_at(in.doc, image.digest).empty() ? image.name : image.digest;
}

bool is_same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// The value of a key as kustomize finds it: it reads JSON as Go does, which ignores the case of keys.
struct entry_member {
  std::string_view written;
  node_index value = no_node;
};

entry_member entry_member_of(const yaml::source_document& doc, node_index mapping, std::string_view key) {
  if (const node_index value = doc.find(mapping, key); value != no_node) return {key, value};
  for (node_index k = doc.at(mapping).first; k != no_node; k = doc.at(doc.at(k).next).next)
    if (const std::string_view own = scalar_at(doc, k); is_same_letters(own, key)) return {own, doc.at(k).next};
  return {key, no_node};
}

// The image that kustomize builds from the entry; only the name when the tag comes from the image.
std::string image_of(const kustomize_entry& e) {
  std::string out = e.new_name;
  if (out.empty()) out = e.decides() ? std::string(split_image(e.name).name) : e.name;
  if (!e.new_tag.empty()) out += ":" + e.new_tag;
  if (!e.digest.empty()) out += "@" + e.digest;
  return out;
}

std::string fault_of(const kustomize_entry& e) {
  const image_parts new_name = split_image(e.new_name);
  if (!new_name.digest.empty())
    return fmt::format("kustomize writes {} after the whole newName: write newName: {} and digest: {}",
                       e.decides() ? "newTag or digest" : "the tag of the image", new_name.name, new_name.digest);
  if (!new_name.tag.empty() && (e.digest.empty() || !e.new_tag.empty()))
    return fmt::format("kustomize writes {} after the whole newName: write newName: {} and newTag: {}",
                       e.new_tag.empty() ? "the tag of the image" : "newTag", new_name.name,
                       quoted(e.new_tag.empty() ? new_name.tag : std::string_view(e.new_tag)));
  if (e.new_tag.contains('@') && !e.digest.empty())
    return "newTag holds a digest, and kustomize writes `digest` after it: remove one of them";
  if (e.new_name.empty() && is_pattern(e.name))
    return "kustomize reads the name as a regular expression: write an entry for each image that it must match";
  return {};
}

result<kustomization_entry> read_entry(const image_search& in, node_index mapping) {
  const auto name = member_of(in.doc, mapping, "name");
  const auto new_name = member_of(in.doc, mapping, "newName");
  const auto tag = member_of(in.doc, mapping, "newTag");
  const auto digest = member_of(in.doc, mapping, "digest");
  for (const auto* one : {&name, &new_name, &tag, &digest})
    if (!*one) return fail(one->error());
  kustomization_entry out;
  out.image.mapping = mapping;
  // Keys in another case count, too: kustomize accepts them, and the entry's fault is reported at its name.
  const node_index own_name = entry_member_of(in.doc, mapping, "name").value;
  const node_index other_name = entry_member_of(in.doc, mapping, "newName").value;
  out.image.name = scalar_at(in.doc, other_name).empty() ? own_name : other_name;
  out.image.tag_key = tag->key;
  out.image.tag = tag->value;
  out.image.digest_key = digest->key;
  out.image.digest = digest->value;
  out.values = kustomize_entry_at(in.doc, mapping);
  return out;
}

// The format that later entries require.
std::optional<pin::pin_format> needed_format(std::span<const kustomize_entry> later, const kustomize_entry& e,
                                             const slot& s) {
  if (s.reason != skip_reason::none || !s.tag) return std::nullopt;
  const std::string image = image_of(e);
  const image_to_pin one{image, split_image(image).name, s.tag->effective_tag()};
  for (const auto format : {pin::pin_format::digest, pin::pin_format::tag_and_digest})
    if (const auto good = format_for(later, one, format); good != format) return good;
  return std::nullopt;
}

// Applies the later entries to the entry's image: a new name makes it another image, and with a later tag this entry's
// tag has no effect.
void judge_later(std::span<const kustomize_entry> later, const kustomize_entry& e, slot& s) {
  if (s.reason != skip_reason::none || !e.decides()) return;
  const auto built = follow(later, s.written);
  if (built.matched.empty()) return;
  const kustomize_entry& last = later[built.matched.back()];
  const auto suffixed = std::ranges::find_if(
      built.matched, [&](std::size_t i) { return !later[i].decides() && !later[i].tag_suffix.empty(); });
  if (built.is_decided) {
    s.reason = skip_reason::overridden;
    s.problem = fmt::format("a later entry, {}, overrides it", quoted(last.name));
  } else if (suffixed != built.matched.end()) {
    s.reason = skip_reason::invalid;
    s.problem = fmt::format(
        "a later entry adds the suffix {} to the tag, in some places twice: write the whole "
        "tag here, and no suffix there",
        quoted(later[*suffixed].tag_suffix));
  } else {
    s.written = built.image;
  }
}

void take_entry(image_search& in, kustomization_entry one, std::string pointer,
                std::span<const kustomize_entry> later) {
  const std::string_view image_name = scalar_at(in.doc, one.image.name);
  if (image_name.empty()) return;
  slot& s = one.image.slot;
  s.document = in.document;
  s.object = "kustomization";
  s.name = one.values.name.empty() ? image_name : std::string_view(one.values.name);
  s.form = slot_form::kustomization;
  s.pointer = std::move(pointer);
  s.line = in.doc.at(place_in_entry(in, one.image)).line;
  s.column = in.doc.at(place_in_entry(in, one.image)).column;
  s.written = image_of(one.values);
  if (!one.values.decides()) s.reason = skip_reason::no_tag_here;
  if (!one.values.fault.empty() && !is_filled_in(s.written)) {
    s.reason = skip_reason::invalid;
    s.problem = one.values.fault;
  }
  judge_later(later, one.values, s);
  keep(in, std::move(one.image));
  slot& kept = in.images.back().slot;
  // A tag in the name is not restored by unpin.
  if (one.values.new_tag.empty() && kept.is_pinned()) kept.tag.reset();
  kept.format = needed_format(later, one.values, kept);
}

}  // namespace

kustomize_entry kustomize_entry_at(const yaml::source_document& doc, node_index mapping) {
  kustomize_entry out;
  mapping = doc.resolve(mapping);
  if (doc.at(mapping).kind != source_kind::mapping) return out;
  for (const auto& [key, member] : entry_keys) {
    const entry_member found = entry_member_of(doc, mapping, key);
    out.*member = scalar_at(doc, found.value);
    if (!out.fault.empty()) continue;
    if (found.written != key)
      out.fault = fmt::format("kustomize reads the key {} as {}: write {}", quoted(found.written), key, key);
    else if (doc.at(doc.resolve(found.value)).kind != source_kind::scalar)
      out.fault = fmt::format("{} must be a string: write one", key);
  }
  if (out.fault.empty()) out.fault = fault_of(out);
  return out;
}

result<void> find_in_entries(image_search& in, node_index root, const std::string& pointer) {
  if (const node_index old = in.doc.find(root, "imageTags"); old != no_node)
    return refuse_at(in.doc.at(old), "kustomize reads `imageTags` as `images`: write them there");
  const auto images = member_of(in.doc, root, "images");
  if (!images) return fail(images.error());
  const node_index list = in.doc.resolve(images->value);
  if (in.doc.at(list).kind != source_kind::sequence) return {};
  std::vector<std::pair<std::size_t, kustomization_entry>> entries;
  std::vector<kustomize_entry> values;
  std::size_t index = 0;
  for (node_index one = in.doc.at(list).first; one != no_node; one = in.doc.at(one).next, ++index) {
    const node_index mapping = in.doc.resolve(one);
    if (in.doc.at(mapping).kind != source_kind::mapping) continue;
    if (entries.size() == max_kustomize_entries)
      return refuse_at(in.doc.at(list), fmt::format("`images` has more than {} entries", max_kustomize_entries));
    auto read = read_entry(in, mapping);
    if (!read) return fail(std::move(read.error()));
    values.push_back(read->values);
    entries.emplace_back(index, *std::move(read));
  }
  for (std::size_t i = 0; i < entries.size(); ++i)
    take_entry(in, std::move(entries[i].second), fmt::format("{}/images/{}", pointer, entries[i].first),
               std::span(values).subspan(i + 1));
  return {};
}

result<void> find_in_kustomization(image_search& in, node_index root, const std::string& pointer) {
  if (auto ok = find_in_entries(in, root, pointer); !ok) return ok;
  owned_part part = part_of(root, "kustomization");
  part.pointer = pointer;
  std::set<node_index> searched;
  return find_in_places(in, part, {kustomize_group, "Kustomization"}, searched);
}

}  // namespace pinhook::files
