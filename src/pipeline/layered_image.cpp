#include <pinhook/pipeline/layered_image.hpp>

#include <pinhook/files/image_search.hpp>
#include <pinhook/files/node_access.hpp>
#include <pinhook/pin/image_keys.hpp>
#include <pinhook/pin/image_parts.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

namespace pinhook::pipeline {
namespace {

using files::scalar_at;
using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

constexpr std::array<std::string_view, 4> name_keys{"repository", "repo", "name", "image"};
constexpr std::string_view global_key = "global";

std::string_view text_of(const value_tree& in, node_index mapping, std::string_view key) {
  return scalar_at(*in.doc, in.doc->find(mapping, key));
}

// The first of the keys with a text.
std::string_view key_with_text(const value_tree& in, node_index mapping, std::span<const std::string_view> keys) {
  const auto found = std::ranges::find_if(keys, [&](auto key) { return !text_of(in, mapping, key).empty(); });
  return found == keys.end() ? std::string_view() : *found;
}

// A list of other values takes the place of the whole list.
bool is_in_list(const value_tree& in, std::string_view pointer) {
  for (std::size_t at = pointer.find('/', 1); at != std::string_view::npos; at = pointer.find('/', at + 1))
    if (in.doc->at(in.doc->resolve(in.doc->at_pointer(in.root, pointer.substr(0, at)))).kind == source_kind::sequence)
      return true;
  return false;
}

// Those of charts further out come first.
std::string_view global_text(const value_tree& in, std::string_view key) {
  const auto found =
      std::ranges::find_if(in.globals, [&](node_index global) { return !text_of(in, global, key).empty(); });
  return found == in.globals.end() ? std::string_view() : text_of(in, *found, key);
}

std::span<const std::string_view> outer_keys() {
  static const std::vector<std::string_view> keys = [] {
    std::vector<std::string_view> out;
    for (const auto& [key, kind] : pin::outer_part_keys)
      if (kind != pin::part_kind::tag) out.push_back(key);
    return out;
  }();
  return keys;
}

renamed_image part_of(const value_tree& by, std::string_view path) {
  return {.ref = std::nullopt,
          .text = {},
          .by = by.by,
          .problem = fmt::format("{} has {}, which may be a part of its name", by.by, path),
          .remedy = std::string(files::rendered_first)};
}

}  // namespace

std::string_view value_tree::text_at(std::string_view pointer) const {
  return scalar_at(*doc, doc->at_pointer(root, pointer));
}

value_tree tree_of(const source_document& doc, node_index root, std::string by) {
  return {&doc, root, {doc.find(root, global_key)}, std::move(by)};
}

layered_image::layered_image(const value_tree& base, const files::slot& image, std::string_view pointer)
    : base_(base),
      tag_(*image.tag),
      pointer_(pointer),
      own_(base.doc->at_pointer(base.root, pointer)),
      is_text_(image.form == files::slot_form::scalar) {
  const std::string_view written = tag_.written_name();
  if (is_text_) {
    name_ = written;
    return;
  }
  for (const std::string_view key : name_keys) {
    const std::string_view text = own_text(key);
    if (text.empty() || !written.ends_with(text)) continue;
    if (text.size() != written.size() && written[written.size() - text.size() - 1] != '/') continue;
    name_key_ = key;
    name_ = text;
    registry_ = written.substr(0, written.size() - text.size());
    break;
  }
  tag_key_ = key_with_text(base_, own_, pin::tag_keys);
  has_digest_key_ =
      std::ranges::any_of(pin::digest_keys, [&](auto key) { return base_.doc->find(own_, key) != no_node; });
}

std::string_view layered_image::own_text(std::string_view key) const { return text_of(base_, own_, key); }

// The image under another text; none when that is the same.
std::optional<renamed_image> layered_image::as(std::string text, const value_tree& by, std::string remedy) const {
  const auto ref = registry::reference::parse(text);
  if (ref && ref->canonical() == tag_.canonical()) return std::nullopt;
  return renamed_image{.ref = ref ? std::optional(*ref) : std::nullopt,
                       .text = std::move(text),
                       .by = by.by,
                       .problem = by.problem,
                       .remedy = std::move(remedy),
                       .is_guess = true};
}

std::optional<renamed_image> layered_image::under(const value_tree& over) const {
  if (!over.has_members && is_in_list(base_, pointer_)) return std::nullopt;
  if (is_text_) return over.text_at(pointer_).empty() ? outer_part(over, true) : std::nullopt;
  if (name_key_.empty()) return std::nullopt;
  const node_index other = over.doc->at_pointer(over.root, pointer_);
  const std::string_view name = text_of(over, other, name_key_);
  const std::string_view tag = tag_key_.empty() ? std::string_view() : text_of(over, other, tag_key_);
  const std::string_view registry_key = key_with_text(over, other, pin::registry_keys);
  // What holds the digest goes as a whole.
  if (has_digest_key_ ? !key_with_text(over, other, pin::digest_keys).empty() : !tag.empty()) return std::nullopt;
  std::string registry =
      registry_key.empty() ? std::string(registry_) : fmt::format("{}/", text_of(over, other, registry_key));
  // An empty one takes that of the image away.
  if (registry_key.empty() && std::ranges::any_of(pin::registry_keys, [&](auto key) {
        return !own_text(key).empty() && over.doc->find(other, key) != no_node;
      }))
    registry.clear();
  std::string text = fmt::format("{}{}", registry, name.empty() ? name_ : name);
  if (const auto used = tag.empty() ? tag_.tag() : tag; !used.empty()) text += fmt::format(":{}", used);
  auto out = as(std::move(text), over,
                fmt::format("write the whole image there: {}, {}{}", name_key_,
                            tag_key_.empty() ? pin::tag_key[0] : tag_key_, has_digest_key_ ? " and a digest" : ""));
  return out ? out : outer_part(over, true);
}

std::optional<renamed_image> layered_image::above(const value_tree& below) const {
  if (is_in_list(base_, pointer_)) return std::nullopt;
  const bool has_registry_key = std::ranges::any_of(
      pin::registry_keys, [&](auto key) { return !is_text_ && base_.doc->find(own_, key) != no_node; });
  if (!is_text_ && name_key_.empty()) return std::nullopt;
  if (!is_text_ && !has_registry_key && registry_.empty() && !pin::names_registry(name_)) {
    const node_index other = below.doc->at_pointer(below.root, pointer_);
    if (const auto key = key_with_text(below, other, pin::registry_keys); !key.empty())
      if (auto out = as(fmt::format("{}/{}", text_of(below, other, key), tag_.written()), below,
                        fmt::format("write {} beside it", key)))
        return out;
  }
  return outer_part(below, false);
}

// A registry in the mappings around the image, and the like.
std::optional<renamed_image> layered_image::outer_part(const value_tree& other, bool is_over) const {
  for (const std::string_view key : outer_keys()) {
    const auto has_key = [&](node_index global) { return base_.doc->find(global, key) != no_node; };
    if (!is_over && std::ranges::any_of(base_.globals, has_key)) continue;
    const auto own = global_text(base_, key);
    if (may_be_part(key, global_text(other, key), own)) return part_of(other, fmt::format("{}.{}", global_key, key));
  }
  for (std::string_view around = pointer_; !around.empty();) {
    around = around.substr(0, around.rfind('/'));
    const node_index at = other.doc->at_pointer(other.root, around);
    const node_index global = other.doc->find(at, global_key);
    for (const std::string_view key : outer_keys())
      for (const bool is_global : {false, true}) {
        // As a rule there is none, and no path need be made.
        const std::string_view text = text_of(other, is_global ? global : at, key);
        if (text.empty()) continue;
        const std::string place =
            is_global ? fmt::format("{}/{}/{}", around, global_key, key) : fmt::format("{}/{}", around, key);
        if (!is_over && base_.doc->at_pointer(base_.root, place) != no_node) continue;
        if (!may_be_part(key, text, base_.text_at(place))) continue;
        std::string path = place.substr(1);
        std::ranges::replace(path, '/', '.');
        return part_of(other, path);
      }
  }
  return std::nullopt;
}

bool layered_image::may_be_part(std::string_view key, std::string_view text, std::string_view own) const {
  if (text.empty() || text == own) return false;
  const bool is_registry = std::ranges::any_of(pin::outer_part_keys, [&](const auto& one) {
    return one.first == key && one.second == pin::part_kind::registry;
  });
  if (!is_registry) return true;
  if (pin::names_registry(name_) || registry_ == fmt::format("{}/", text)) return false;
  const auto with = registry::reference::parse(fmt::format("{}/{}", text, tag_.written()));
  return !with || with->canonical() != tag_.canonical();
}

}  // namespace pinhook::pipeline
