#include <pinhook/pin/part_search.hpp>

#include <pinhook/base/json_pointer.hpp>
#include <pinhook/pin/image_keys.hpp>
#include <pinhook/pin/image_parts.hpp>
#include <pinhook/registry/reference.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace pinhook::pin {
namespace {

std::string text_of(const json_member* one) {
  std::string out;
  if (one == nullptr || one->kind != json::kind::string || !one->text.append_to(out)) out.clear();
  return out;
}

std::string name_of(const json_member& one) {
  std::string out;
  if (!one.key.append_to(out)) out.clear();
  return out;
}

// The members that make an image; null where there is none.
struct image_members {
  const json_member* registry = nullptr;
  const json_member* name = nullptr;
  const json_member* tag = nullptr;
  const json_member* digest = nullptr;
  // Of the object's operator; null: none.
  const operator_image* row = nullptr;
};

class mapping_search {
 public:
  mapping_search(json::cursor& at, const json_mapping& in) : at_(at), in_(in) {
    if (in.members.size() <= few) return;
    for (const json_member& one : in.members) by_name_.emplace_back(name_of(one), &one);
    std::ranges::sort(by_name_);
  }

  std::vector<found_parts> run() {
    take_of_operators();
    take_repository();
    for (const json_member& one : in_.members) {
      if (one.kind != json::kind::string) continue;
      const std::string key = name_of(one);
      if (names_image(key) && !used_.contains(&one)) take_string(one, key);
    }
    return std::move(out_);
  }

 private:
  using named_member = std::pair<std::string, const json_member*>;
  // Members that are compared one by one. Where there are more, the time must not grow with the square of their number.
  static constexpr std::size_t few = 32;

  const json_member* find(std::string_view key) {
    if (!by_name_.empty()) return find_by_name(key);
    const json_member* out = nullptr;
    for (const json_member& one : in_.members) {
      if (!(one.key == key)) continue;
      if (out != nullptr) at_.reject("a duplicate key");
      out = &one;
    }
    return out;
  }

  const json_member* find_by_name(std::string_view key) {
    const auto known = std::ranges::equal_range(by_name_, key, {}, &named_member::first);
    if (known.size() > 1) at_.reject("a duplicate key");
    return known.empty() ? nullptr : known.front().second;
  }

  // The first of the keys with a text, else the first that exists.
  const json_member* first_of(std::span<const std::string_view> keys) {
    const json_member* out = nullptr;
    for (const std::string_view key : keys) {
      const json_member* one = find(key);
      if (one == nullptr) continue;
      if (!text_of(one).empty()) return one;
      if (out == nullptr) out = one;
    }
    return out;
  }

  bool has_text(std::span<const std::string_view> keys) { return !text_of(first_of(keys)).empty(); }

  // A name whose operator knows the tag is no image by itself.
  void take_of_operators() {
    const auto is_here = [&](const operator_image* row) { return row->mapping.empty() || row->mapping == in_.key; };
    for (const operator_image* row : in_.operators)
      if (is_here(row)) take_of_operator(*row);
    for (const operator_image* row : in_.operators) {
      if (!is_here(row) || row->tag.empty() || row->name.empty()) continue;
      if (const json_member* name = find(row->name); name != nullptr && is_without_tag(text_of(name)))
        used_.insert(name);
    }
  }

  void take_of_operator(const operator_image& row) {
    if (row.name == any_member) {
      for (const json_member& one : in_.members) take_whole(row, &one);
      return;
    }
    if (row.pin == operator_pin::spread) return take_tag(row);
    const json_member* name = find(row.name);
    if (name == nullptr || used_.contains(name)) return;
    if (!row.replaced_by.empty() && !text_of(find(row.replaced_by)).empty()) {
      used_.insert(name);
      return;
    }
    if (row.tag.empty()) return take_whole(row, name);
    const image_members parts{.registry = row.prefix.empty() ? nullptr : find(row.prefix),
                              .name = name,
                              .tag = find(row.tag),
                              .digest = row.digest.empty() ? nullptr : find(row.digest),
                              .row = &row};
    if (!text_of(parts.tag).empty() && (row.prefix.empty() || !text_of(parts.registry).empty())) take(parts);
  }

  void take_whole(const operator_image& row, const json_member* one) {
    if (one == nullptr || used_.contains(one) || !is_image_text({}, text_of(one))) return;
    add({.name = one, .row = &row}, slot_value::image);
  }

  void take_tag(const operator_image& row) {
    const json_member* tag = find(row.tag);
    const std::string text = text_of(tag);
    if (text.empty() || has_digest_in_tag(text) || used_.contains(tag)) return;
    if (!row.name.empty() && text_of(find(row.name)).empty()) return;
    found_parts out;
    out.slot.pointer = pointer_to(*tag);
    out.slot.image = text;
    out.slot.obstacle = row.reason;
    out.is_of_operator = true;
    out.is_tag_alone = true;
    out.values.push_back({out.slot.pointer, tag->written, {}});
    used_.insert(tag);
    if (!row.name.empty()) used_.insert(find(row.name));
    out_.push_back(std::move(out));
  }

  [[nodiscard]] std::string pointer_to(const json_member& one) const {
    std::string out = in_.pointer;
    append_pointer(out, name_of(one));
    return out;
  }

  // {repository: acme/engine, tag: "1.0"}
  void take_repository() {
    image_members parts;
    parts.tag = in_.is_image ? first_of(tag_keys) : first_of(tag_key);
    for (const std::string_view key : repository_keys)
      if (parts.name == nullptr && (key == repository_keys[0] || in_.is_image)) parts.name = find(key);
    const std::string name = text_of(parts.name);
    if (name.empty() || is_repository_address(name) || used_.contains(parts.name) || used_.contains(parts.tag)) return;
    parts.registry = first_of(registry_keys);
    parts.digest = first_of(digest_keys);
    if (!has_other_parts(parts, name)) take(parts);
  }

  // Members that may be parts, too, in an unknown way.
  bool has_other_parts(const image_members& parts, const std::string& name) {
    if (has_text(other_parts)) return true;
    if ((in_.is_image || parts.registry != nullptr) && has_text(hinted_parts)) return true;
    for (const std::string_view key : extension_keys)
      if (const json_member* one = find(key); one != parts.name && may_extend(name, key, text_of(one))) return true;
    return std::ranges::any_of(outer_part_keys, [&](const auto& known) {
      return known.second == part_kind::affix && !text_of(find(known.first)).empty();
    });
  }

  bool has_front_part(std::string_view image) {
    return std::ranges::any_of(front_keys,
                               [&](std::string_view key) { return may_stand_before(text_of(find(key)), image); });
  }

  void take_string(const json_member& one, const std::string& key) {
    const std::string text = text_of(&one);
    if (key == image_key && has_front_part(text)) return;
    if (!is_without_tag(text)) {
      if (is_image_text(key, text)) add({.name = &one}, slot_value::image);
      return;
    }
    std::vector<std::string> own_keys;
    for (const std::string_view ending : tag_endings) own_keys.push_back(fmt::format("{}{}", key, ending));
    own_keys.push_back(fmt::format("{}{}", key, digest_ending));
    const std::vector<std::string_view> own(own_keys.begin(), own_keys.end());
    const auto own_tags = std::span(own).first(tag_endings.size());
    const bool is_only = key == image_key;
    image_members parts{.name = &one};
    parts.tag = is_only ? first_of(certain_tag_keys) : first_of(own_tags);
    parts.digest = is_only ? first_of(digest_keys) : find(own.back());
    if (is_only) parts.registry = first_of(registry_keys);
    if (parts.tag != nullptr || parts.digest != nullptr) {
      if (!is_only || !shares_tag(one)) take(parts);
      return;
    }
    // {sidecarImage: proxy, image: app, tag: "1"}: the tag may be that of either, so that both are left.
    if (!is_only && may_have_tag_of_image()) return;
    // The operator may write the version behind it: without that it is not the image that runs.
    const bool may_have_version = outer_parts_of(in_.members).has_tag || (is_only && has_text(own_tags));
    if (!may_have_version && is_image_text(key, text)) add({.name = &one}, slot_value::image);
  }

  // True when there is an `image` without a tag, and one beside it.
  bool may_have_tag_of_image() {
    const json_member* image = find(image_key);
    return image != nullptr && image->kind == json::kind::string && is_without_tag(text_of(image)) &&
           first_of(certain_tag_keys) != nullptr;
  }

  // True when the tag beside `image` may also be that of another string, `sidecarImage: proxy`.
  bool shares_tag(const json_member& image) {
    return std::ranges::any_of(in_.members, [&](const json_member& one) {
      if (&one == &image || one.kind != json::kind::string) return false;
      const std::string key = name_of(one);
      if (!names_image(key) || !is_without_tag(text_of(&one))) return false;
      return std::ranges::none_of(
          tag_endings, [&](std::string_view ending) { return find(fmt::format("{}{}", key, ending)) != nullptr; });
    });
  }

  void take(const image_members& parts) {
    const auto is_text = [](const json_member* one) { return one == nullptr || one->kind == json::kind::string; };
    if (parts.name == nullptr || !is_text(parts.registry) || !is_text(parts.tag) || !is_text(parts.digest)) return;
    const std::string tag = text_of(parts.tag);
    if (tag.empty() && text_of(parts.digest).empty()) return;
    const bool is_in_tag = parts.digest == nullptr || tag.contains('@');
    add(parts, parts.row != nullptr && parts.row->pin == operator_pin::as_tag    ? slot_value::digest_or_tag
               : is_in_tag                                                       ? slot_value::tag
               : holds_hex_digest(name_of(*parts.digest), text_of(parts.digest)) ? slot_value::hex_digest
                                                                                 : slot_value::digest);
  }

  static std::string put_together(const image_members& parts, slot_value value) {
    const std::string registry = text_of(parts.registry);
    const std::string tag = text_of(parts.tag);
    const std::string digest = text_of(parts.digest);
    std::string out = registry.empty() ? std::string() : registry + "/";
    out += text_of(parts.name);
    const bool is_digest = value == slot_value::digest_or_tag && tag.starts_with(digest_algorithm);
    if (!tag.empty()) out.append(is_digest ? "@" : ":").append(tag);
    if (!digest.empty())
      out.append("@").append(value == slot_value::hex_digest ? digest_algorithm : std::string_view()).append(digest);
    return out;
  }

  void add(const image_members& parts, slot_value value) {
    found_parts out;
    out.slot.image = put_together(parts, value);
    if (value != slot_value::image && !registry::reference::parse(out.slot.image)) return;
    out.slot.is_guess = true;
    out.is_without_tag = value == slot_value::image && is_without_tag(out.slot.image);
    if (parts.row != nullptr) take_obstacle(parts, out);
    out.registry = text_of(parts.registry);
    out.slot.value = value;
    const json_member* at = value == slot_value::image                                       ? parts.name
                            : value == slot_value::tag || value == slot_value::digest_or_tag ? parts.tag
                                                                                             : parts.digest;
    for (const json_member* one : std::array{at, parts.registry, parts.name, parts.tag, parts.digest}) {
      if (one == nullptr || (one == at && !out.values.empty())) continue;
      std::string pointer = pointer_to(*one);
      if (one == at) out.slot.pointer = pointer;
      out.values.push_back({std::move(pointer), one->written, {}});
      used_.insert(one);
    }
    out_.push_back(std::move(out));
  }

  static void take_obstacle(const image_members& parts, found_parts& out) {
    const operator_image& row = *parts.row;
    out.is_of_operator = true;
    const bool has_place = row.pin != operator_pin::hex_digest || parts.digest != nullptr;
    if (row.pin == operator_pin::none || !has_place) out.slot.obstacle = row.reason;
  }

  json::cursor& at_;
  const json_mapping& in_;
  // All members, sorted; empty where they are few.
  std::vector<named_member> by_name_;
  std::vector<found_parts> out_;
  // Members that are parts of found images.
  std::set<const json_member*> used_;
};

}  // namespace

// A name alone, without a tag or a path, may be that of anything: of a machine's image, of an object.
bool is_image_text(std::string_view key, std::string_view text) {
  if (is_whole_image(text)) return true;
  return key == image_key && text.contains('/') && !is_other_text(text) && registry::reference::parse(text);
}

std::vector<found_parts> images_of_mapping(json::cursor& at, const json_mapping& in) {
  return mapping_search(at, in).run();
}

outer_parts outer_parts_of(std::span<const json_member> members) {
  outer_parts out;
  for (const json_member& one : members) {
    const auto* known = std::ranges::find_if(outer_part_keys, [&](const auto& part) { return one.key == part.first; });
    if (known == outer_part_keys.end()) continue;
    std::string text = text_of(&one);
    if (text.empty()) continue;
    if (known->second == part_kind::tag)
      out.has_tag = true;
    else
      out.names.push_back(known->second == part_kind::registry ? std::move(text) : std::string());
  }
  return out;
}

}  // namespace pinhook::pin
