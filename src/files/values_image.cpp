// The image of a mapping of Helm values: the members that are parts of its name, and whether they are the whole name.
// The use of the members by charts is not documented; where two charts differ, nothing is guessed.
#include <pinhook/files/first_look.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/files/values_slot.hpp>
#include <pinhook/pin/image_keys.hpp>
#include <pinhook/pin/image_parts.hpp>
#include <pinhook/pin/operator_images.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

using pin::digest_keys;
using pin::registry_keys;
using pin::repository_keys;
using pin::tag_endings;
using pin::tag_key;
using pin::tag_keys;

struct found_member {
  std::string_view name;
  member at;
};

// The first of the keys with a value, else the first that exists.
result<found_member> first_of(const image_search& in, node_index mapping, std::span<const std::string_view> keys) {
  found_member out;
  for (const std::string_view key : keys) {
    auto one = in.find_member(mapping, key);
    if (!one) return fail(std::move(one.error()));
    if (one->value == no_node) continue;
    const bool says = !scalar_at(in.doc, one->value).empty();
    if (out.at.value == no_node || says) out = {key, *one};
    if (says) break;
  }
  return out;
}

// The key of another image, `sidecarImage: proxy` beside `image: app` and `tag`: the tag may be that of both.
std::string_view other_image_beside(const image_search& in, node_index mapping) {
  for (node_index k = in.doc.at(mapping).first; k != no_node; k = in.doc.at(in.doc.at(k).next).next) {
    const yaml::source_node& key = in.doc.at(in.doc.resolve(k));
    if (key.kind != source_kind::scalar || !(key.text.ends_with("Image") || key.text.ends_with("_image"))) continue;
    const bool has_tag = std::ranges::any_of(tag_endings, [&](std::string_view ending) {
      return in.find(mapping, fmt::format("{}{}", key.text, ending)) != no_node;
    });
    const auto text = string_at(in.doc, in.doc.at(k).next);
    const auto ref = text ? registry::reference::parse(*text) : fail(error_code::invalid_input, "");
    if (ref && ref->tag().empty() && !ref->is_pinned() && !has_tag) return key.text;
  }
  return {};
}

// The keys of an image's parts.
struct part_names {
  std::span<const std::string_view> registries = registry_keys;
  std::span<const std::string_view> tags;
  std::span<const std::string_view> digests = digest_keys;
};

// Registry, tag and digest of `mapping`; none when tag or digest is not a scalar.
result<std::optional<found_image>> values_parts(const image_search& in, node_index mapping, const part_names& names) {
  const auto registry = first_of(in, mapping, names.registries);
  const auto tag = first_of(in, mapping, names.tags);
  const auto digest = first_of(in, mapping, names.digests);
  for (const auto* one : {&registry, &tag, &digest})
    if (!*one) return fail(one->error());
  if (!is_scalar(in, tag->at.value) || !is_scalar(in, digest->at.value)) return std::optional<found_image>();
  found_image out;
  out.mapping = mapping;
  if (is_scalar(in, registry->at.value)) out.registry = registry->at.value;
  out.tag_key = tag->at.key;
  out.tag = tag->at.value;
  out.digest_key = digest->at.key;
  out.digest = digest->at.value;
  out.is_hex_digest = pin::holds_hex_digest(digest->name, scalar_at(in.doc, out.digest));
  return std::optional(std::move(out));
}

// False when all of it comes through a merge key: then it is found at its own place.
bool is_own(const image_search& in, const found_image& image) {
  return std::ranges::any_of(std::initializer_list{image.name, image.registry, image.tag, image.digest},
                             [&](node_index i) { return i != no_node && in.doc.at(i).parent == image.mapping; });
}

// Keys of the parts that make an image of a mapping; in one that is called an image more keys do.
constexpr std::array keys_of_parts{
    std::span<const std::string_view>(registry_keys), std::span<const std::string_view>(tag_key),
    std::span<const std::string_view>(digest_keys), std::span<const std::string_view>(repository_keys).first(1)};
constexpr std::array keys_of_parts_in_image{
    std::span<const std::string_view>(registry_keys), std::span<const std::string_view>(tag_keys),
    std::span<const std::string_view>(digest_keys), std::span<const std::string_view>(repository_keys)};

constexpr key_bits bits_of_groups(const std::array<std::span<const std::string_view>, 4>& groups) {
  key_bits out = 0;
  for (const auto& group : groups) out |= bits_of(group);
  return out;
}
constexpr key_bits part_bits = bits_of_groups(keys_of_parts);
constexpr key_bits part_bits_in_image = bits_of_groups(keys_of_parts_in_image);

// False for a mapping without any of the keys, as most are. An alias or a merge key may bring them in.
bool may_have_key(const source_document& doc, node_index mapping, bool is_image) {
  const auto& groups = is_image ? keys_of_parts_in_image : keys_of_parts;
  const key_bits bits = is_image ? part_bits_in_image : part_bits;
  mapping = doc.resolve(mapping);
  if ((doc.at(mapping).keys & bits) == 0) return false;
  for (node_index k = doc.at(mapping).first; k != no_node; k = doc.at(doc.at(k).next).next) {
    const yaml::source_node& key = doc.at(k);
    if (key.kind == source_kind::alias || key.text == "<<") return true;
    if ((key_bit(key.text) & bits) == 0) continue;
    if (std::ranges::any_of(groups,
                            [&](const auto& group) { return std::ranges::find(group, key.text) != group.end(); }))
      return true;
  }
  return false;
}

}  // namespace

key_bits bits_of_parts() noexcept { return part_bits; }

bool may_be_in_parts(const source_document& doc, node_index mapping) { return may_have_key(doc, mapping, false); }

result<std::optional<found_image>> image_of_operator(image_search& in, node_index mapping,
                                                     const pin::operator_image& of, std::string pointer) {
  const std::optional<found_image> none;
  found_image image;
  image.mapping = mapping;
  image.has_digest_as_tag = of.pin == pin::operator_pin::as_tag;
  image.is_hex_digest = of.pin == pin::operator_pin::hex_digest;
  const auto member_at = [&](std::string_view key) {
    return key.empty() ? result<member>() : in.find_member(mapping, key);
  };
  const auto name = member_at(of.name);
  const auto tag = member_at(of.tag);
  const auto prefix = member_at(of.prefix);
  const auto digest = member_at(of.digest);
  for (const auto* one : {&name, &tag, &prefix, &digest})
    if (!*one) return fail(one->error());
  const auto says = [&](node_index i) { return !string_at(in.doc, i).value_or(std::string_view()).empty(); };
  if (!says(name->value) || !says(tag->value) || (!of.prefix.empty() && !says(prefix->value))) return none;
  image.registry = prefix->value;
  image.name = name->value;
  image.tag_key = tag->key;
  image.tag = tag->value;
  image.digest_key = digest->key;
  image.digest = digest->value;
  if (!is_own(in, image) || !registry::reference::parse(put_together(in, image))) return none;
  complete_values(in, image, std::move(pointer));
  slot& s = image.slot;
  if (s.reason == skip_reason::split) s.reason = skip_reason::none;
  s.problem.clear();
  s.remedy.clear();
  if (image.has_digest_as_tag) s.format = pin::pin_format::digest;
  const bool has_place = of.pin != pin::operator_pin::hex_digest || image.digest != no_node;
  if ((of.pin != pin::operator_pin::none && has_place) || has_digest(in, image)) return std::optional(std::move(image));
  s.reason = skip_reason::split;
  s.problem = of.reason;
  return std::optional(std::move(image));
}

std::string_view front_part(const image_search& in, node_index mapping, std::string_view image) {
  for (const std::string_view key : pin::front_keys)
    if (const auto text = string_at(in.doc, in.find(mapping, key)); text && pin::may_stand_before(*text, image))
      return key;
  return {};
}

std::string_view pull_policy_beside(const image_search& in, node_index mapping) {
  for (const std::string_view key : {"pullPolicy", "imagePullPolicy"})
    if (const auto text = string_at(in.doc, in.find(mapping, key))) return *text;
  return {};
}

result<std::optional<found_image>> values_image(image_search& in, node_index mapping, std::string_view pointer,
                                                bool is_image) {
  const std::optional<found_image> none;
  if (!may_have_key(in.doc, mapping, is_image)) return none;
  auto parts = is_image ? values_parts(in, mapping, {.tags = tag_keys}) : values_parts(in, mapping, {.tags = tag_key});
  if (!parts || !*parts) return parts;
  found_image& image = **parts;
  member repository;
  std::string_view name_key;
  for (const std::string_view key : repository_keys) {
    if (repository.value != no_node || (key != repository_keys[0] && !is_image)) break;
    if (key == repository_keys.back() && image.tag == no_node) break;
    auto one = in.find_member(mapping, key);
    if (!one) return fail(std::move(one.error()));
    repository = *one;
    name_key = key;
  }
  const auto name = string_at(in.doc, repository.value);
  if (!name || name->empty() || pin::is_repository_address(*name)) return none;
  if (image.tag == no_node && image.digest == no_node && !is_image) return none;
  image.name = repository.value;
  if (!is_own(in, image)) return none;
  complete_slot(in, image, std::string(pointer), is_image);
  image.slot.is_guess = !is_image || name_key == repository_keys.back();
  return parts;
}

result<std::optional<found_image>> image_beside_tag(image_search& in, node_index mapping, std::string_view key,
                                                    std::string_view pointer) {
  const std::optional<found_image> none;
  const auto string = in.find_member(mapping, key);
  if (!string) return fail(string.error());
  const auto text = string_at(in.doc, string->value);
  // With a digest: most.
  if (!text || text->contains('@')) return none;
  const auto ref = registry::reference::parse(*text);
  if (!ref || !ref->tag().empty()) return none;
  const bool is_only = key == pin::image_key;
  std::vector<std::string> own_keys;
  for (const std::string_view ending : tag_endings) own_keys.push_back(fmt::format("{}{}", key, ending));
  own_keys.push_back(fmt::format("{}{}", key, pin::digest_ending));
  const std::vector<std::string_view> names(own_keys.begin(), own_keys.end());
  const auto own_tags = std::span(names).first(tag_endings.size());
  auto parts = is_only ? values_parts(in, mapping, {.tags = tag_keys})
                       : values_parts(in, mapping, {{}, own_tags, std::span(names).subspan(tag_endings.size())});
  if (!parts || !*parts) return parts;
  found_image& image = **parts;
  image.name = string->value;
  if ((image.tag == no_node && image.digest == no_node) || !is_own(in, image)) return none;
  complete_slot(in, image, std::string(pointer), false);
  slot& s = image.slot;
  s.is_guess = !is_only;
  if (!is_only) s.name += fmt::format("{}{}", s.name.empty() ? "" : ".", key);
  if (const auto other = other_image_beside(in, mapping);
      is_only && s.reason == skip_reason::none && s.problem.empty() && !has_digest(in, image) && !other.empty()) {
    s.problem = fmt::format("its tag may also be that of {}", other);
    s.remedy = rendered_first;
    s.reason = skip_reason::split;
  }
  return parts;
}

std::string part_of_split(image_search& in, node_index mapping, std::string_view key, const registry::reference& ref) {
  if (ref.is_pinned()) return {};
  const bool is_bare = ref.tag().empty() && !ref.written_name().contains('/');
  const bool is_whole = pin::names_registry(ref.written_name());
  if (key == pin::image_key)
    if (const auto front = front_part(in, mapping, ref.written_name()); !front.empty())
      return may_put(in.scopes.path_to(in.doc, mapping, front));
  auto around = in.scopes.within(in.doc, mapping);
  for (outer_part& one : in.scopes.around(in.doc, mapping)) around.push_back(std::move(one));
  for (const outer_part& one : around) {
    const bool may_be_part = is_bare || (!one.text.empty() && (one.kind == part_kind::tag        ? ref.tag().empty()
                                                               : one.kind == part_kind::registry ? !is_whole
                                                                                                 : true));
    if (may_be_part) return may_put(one.path);
  }
  return {};
}

}  // namespace pinhook::files
