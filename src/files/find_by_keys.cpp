// Custom resources of any kind: strings and mappings in `spec` whose keys are those of images, and objects inside of
// objects.
#include <pinhook/base/json_pointer.hpp>
#include <pinhook/files/filled_in.hpp>
#include <pinhook/files/image_guess.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/pin/image_keys.hpp>
#include <pinhook/pin/image_kinds.hpp>
#include <pinhook/pin/image_parts.hpp>
#include <pinhook/pin/operator_images.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_kind;

constexpr std::string_view name_remedy = "write the whole name under image where the operator takes it there";
constexpr std::string_view tag_remedy = "write the tag behind the name where the operator takes it there";

// Skaffold's list of what it builds; an item's `image` is the name of the result.
constexpr std::string_view skaffold_group = "skaffold";
constexpr std::string_view built_list = "artifacts";

// A name alone, without a tag or a path, may be that of anything: of a machine's image, of an object.
bool is_image_text(std::string_view key, std::string_view text, bool is_of_container) {
  if (pin::is_whole_image(text)) return true;
  if (key != pin::image_key) return false;
  return is_built_later(text) || (may_be_image(text) && (is_of_container || is_filled_in(text) || text.contains('/')));
}

class key_search {
 public:
  key_search(image_search& in, const owned_part& owner, const object_type& type, const std::set<node_index>& searched)
      : in_(in),
        owner_(owner),
        searched_(searched),
        builds_(type.group == skaffold_group),
        pointer_(owner.pointer),
        format_(pin::format_of_operator(type.group)),
        operators_(pin::rows_of_operator(type.group, type.kind)) {}

  result<void> take_part(keyed_part part) {
    pointer_ = std::move(part.pointer);
    is_of_container_ = part.is_of_container;
    if (pin::names_image(part.key)) take_string(part.value, part.key);
    return take(part.value, part.key);
  }

  // The reader's limit of nesting also limits this recursion: aliases are not followed, since their anchors are visited
  // anyway.
  //
  // Kinds of configuration files (KatibConfig) have their fields beside `kind`.
  result<void> take_spec(node_index mapping, std::string_view kind) {
    const bool is_whole = kind.ends_with("Config") && in_.find(mapping, "spec") == no_node;
    for (node_index k = in_.doc.at(mapping).first; k != no_node; k = in_.doc.at(in_.doc.at(k).next).next) {
      const std::string_view key = scalar_at(in_.doc, k);
      if (is_whole && !key.empty() && !pin::is_key_without_images(key)) {
        const std::size_t size = pointer_.size();
        append_pointer(pointer_, key);
        if (auto ok = take(in_.doc.at(k).next, key); !ok) return ok;
        pointer_.resize(size);
      }
      if (key == "spec") {
        pointer_ += "/spec";
        in_.scopes = values_scopes(in_.doc.resolve(in_.doc.at(k).next));
        return take(in_.doc.at(k).next, {});
      }
    }
    return {};
  }

 private:
  [[nodiscard]] bool is_collection(node_index i) const {
    return in_.doc.at(i).kind == source_kind::mapping || in_.doc.at(i).kind == source_kind::sequence;
  }

  result<void> take(node_index i, std::string_view key) {
    if (searched_.contains(i)) return {};
    if (auto ok = in_.spend(1); !ok) return ok;
    if (in_.doc.at(i).kind == source_kind::mapping) return take_mapping(i, key);
    if (in_.doc.at(i).kind != source_kind::sequence) return {};
    const std::size_t size = pointer_.size();
    std::size_t index = 0;
    for (node_index one = in_.doc.at(i).first; one != no_node; one = in_.doc.at(one).next, ++index) {
      pointer_ += '/';
      pointer_ += std::to_string(index);
      if (pin::is_image_list_key(key)) take_string(one, {});
      const bool is_known = pin::is_variable_list_key(key) || (builds_ && key == built_list);
      if (auto ok = take(one, is_known ? key : std::string_view()); !ok) return ok;
      pointer_.resize(size);
    }
    return {};
  }

  result<void> take_mapping(node_index i, std::string_view key) {
    if (const auto type = type_of(in_.doc, i)) {
      owned_part part = part_of(i, {});
      part.pointer = pointer_;
      part.owner.reason = owner_.owner.reason;
      values_scopes outer = std::exchange(in_.scopes, values_scopes());
      auto ok = find_in_object(in_, part, *type);
      in_.scopes = std::move(outer);
      return ok;
    }
    const auto parts = take_parts(i, key);
    if (!parts) return fail(parts.error());
    const std::size_t size = pointer_.size();
    if (const node_index value = pin::is_variable_list_key(key) ? image_of_variable(in_.doc, i) : no_node;
        value != no_node) {
      pointer_ += "/value";
      take_string(value, {});
      pointer_.resize(size);
    }
    for (node_index k = in_.doc.at(i).first; k != no_node; k = in_.doc.at(in_.doc.at(k).next).next) {
      const node_index value = in_.doc.at(k).next;
      const std::string_view name = scalar_at(in_.doc, k);
      const bool names_image = pin::names_image(name);
      // Most members are other texts, which hold nothing.
      if (!names_image && !is_collection(value)) {
        if (auto ok = in_.spend(1); !ok) return ok;
        continue;
      }
      if (name.empty() || name == "<<" || pin::is_key_without_images(name)) continue;
      const bool is_image = names_image && !parts->contains(value);
      if (is_image || is_collection(value)) append_pointer(pointer_, name);
      const bool is_built = builds_ && key == built_list && name == pin::image_key;
      if (is_image) take_string(value, name, is_built ? skip_reason::built : skip_reason::none);
      if (auto ok = take(value, name); !ok) return ok;
      pointer_.resize(size);
    }
    return {};
  }

  // {repository: acme/engine, tag: "1.0"}; image: acme/engine with a tag beside it. A number as a tag is a fault of the
  // object that its schema reports. Returns the strings that are no images by themselves.
  result<std::set<node_index>> take_parts(node_index i, std::string_view key_of_it) {
    std::set<node_index> parts;
    for (const pin::operator_image* row : operators_)
      if (row->mapping.empty() || row->mapping == key_of_it)
        if (auto ok = take_of_operator(*row, i, parts); !ok) return fail(std::move(ok.error()));
    leave_names(i, key_of_it, parts);
    auto image = values_image(in_, i, pointer_, pin::names_image(key_of_it));
    if (!image) return fail(std::move(image.error()));
    const bool is_taken = *image && (parts.contains((*image)->name) || parts.contains((*image)->tag));
    const bool has_repository = *image && !is_taken;
    if (has_repository) add_parts(std::move(**image));
    if (!has_named_image(i)) return parts;
    for (node_index k = in_.doc.at(i).first; k != no_node; k = in_.doc.at(in_.doc.at(k).next).next) {
      const std::string_view key = scalar_at(in_.doc, k);
      const node_index value = in_.doc.at(k).next;
      if (!pin::names_image(key) || parts.contains(value)) continue;
      if (key == pin::image_key && has_repository) {
        if (is_name_alone(value)) parts.insert(value);
        continue;
      }
      auto beside = image_beside_tag(in_, i, key, pointer_);
      if (!beside) return fail(std::move(beside.error()));
      if (!*beside) continue;
      // Without what may stand behind it, it is not the image that runs.
      parts.insert(value);
      if (key == pin::image_key && (*beside)->slot.reason == skip_reason::split) leave_sharers(i, **beside, parts);
      if (key != pin::image_key || has_certain_tag(i)) add_parts(std::move(**beside));
    }
    return parts;
  }

  [[nodiscard]] bool has_named_image(node_index mapping) const {
    for (node_index k = in_.doc.at(mapping).first; k != no_node; k = in_.doc.at(in_.doc.at(k).next).next)
      if (pin::names_image(in_.doc.at(in_.doc.resolve(k)).text)) return true;
    return false;
  }

  // By one row of the operator. What it takes, or knows to be no image, is added to `parts`.
  result<void> take_of_operator(const pin::operator_image& row, node_index i, std::set<node_index>& parts) {
    if (row.name == pin::any_member) {
      for (node_index k = in_.doc.at(i).first; k != no_node; k = in_.doc.at(in_.doc.at(k).next).next)
        take_whole(row, scalar_at(in_.doc, k), in_.doc.at(k).next, parts);
      return {};
    }
    if (row.pin == pin::operator_pin::spread) {
      take_tag(row, i, parts);
      return {};
    }
    const node_index name = in_.find(i, row.name);
    if (name == no_node || parts.contains(name)) return {};
    if (!row.replaced_by.empty() && !scalar_at(in_.doc, in_.find(i, row.replaced_by)).empty()) {
      parts.insert(name);
      return {};
    }
    if (row.tag.empty()) {
      take_whole(row, row.name, name, parts);
      return {};
    }
    auto image = image_of_operator(in_, i, row, pointer_);
    if (!image) return fail(std::move(image.error()));
    if (!*image) return {};
    found_image& found = **image;
    parts.insert({found.name, found.tag});
    // The mapping is that of one image alone; a second one is known by its name.
    if (in_.known.insert(found.name).second) add(std::move(found));
    return {};
  }

  void take_whole(const pin::operator_image& row, std::string_view key, node_index value, std::set<node_index>& parts) {
    const auto text = string_at(in_.doc, value);
    if (!text || !is_image_text({}, *text, false) || parts.contains(value) || in_.known.contains(value)) return;
    parts.insert(value);
    std::string pointer = pointer_;
    append_pointer(pointer, key);
    found_image image = scalar_image(in_, value, std::move(pointer));
    const auto ref = registry::reference::parse(*text);
    if (row.pin == pin::operator_pin::none && !(ref && ref->is_pinned())) {
      image.slot.reason = skip_reason::split;
      image.slot.problem = row.reason;
    }
    add(std::move(image));
  }

  void take_tag(const pin::operator_image& row, node_index i, std::set<node_index>& parts) {
    const node_index tag = in_.find(i, row.tag);
    const auto text = string_at(in_.doc, tag);
    if (!text || text->empty() || pin::has_digest_in_tag(*text) || parts.contains(tag)) return;
    const node_index name = row.name.empty() ? no_node : in_.find(i, row.name);
    if (!row.name.empty() && scalar_at(in_.doc, name).empty()) return;
    parts.insert(tag);
    if (name != no_node) parts.insert(name);
    std::string pointer = pointer_;
    append_pointer(pointer, row.tag);
    found_image image = scalar_image(in_, tag, std::move(pointer));
    image.slot.reason = skip_reason::split;
    image.slot.problem = row.reason;
    add(std::move(image));
  }

  // A name whose operator knows the tag is no image by itself.
  void leave_names(node_index i, std::string_view key_of_it, std::set<node_index>& parts) const {
    for (const pin::operator_image* row : operators_) {
      if ((!row->mapping.empty() && row->mapping != key_of_it) || row->tag.empty() || row->name.empty()) continue;
      const node_index name = in_.find(i, row->name);
      if (name != no_node && is_bare(name)) parts.insert(name);
    }
  }

  // A reference with neither tag nor digest.
  [[nodiscard]] bool is_bare(node_index value) const {
    const auto text = string_at(in_.doc, value);
    return text && pin::is_without_tag(*text);
  }

  // {sidecarImage: proxy, image: app, tag: "1"}: the tag may be that of either, so that both are left.
  void leave_sharers(node_index mapping, const found_image& image, std::set<node_index>& parts) {
    if (!has_certain_tag(mapping)) return;
    for (node_index k = in_.doc.at(mapping).first; k != no_node; k = in_.doc.at(in_.doc.at(k).next).next) {
      const std::string_view key = scalar_at(in_.doc, k);
      const node_index value = in_.doc.at(k).next;
      const auto text = string_at(in_.doc, value);
      if (key == pin::image_key || !pin::names_image(key) || !text || !is_image_text(key, *text, false)) continue;
      const auto ref = registry::reference::parse(*text);
      if (!ref || !ref->tag().empty() || ref->is_pinned() || has_own_tag(mapping, key)) continue;
      std::string pointer = pointer_;
      append_pointer(pointer, key);
      found_image other = scalar_image(in_, value, std::move(pointer));
      other.slot.problem = fmt::format("the tag of {} may also be its own", pin::image_key);
      other.slot.remedy = image.slot.remedy;
      other.slot.reason = skip_reason::split;
      parts.insert(value);
      add(std::move(other));
    }
  }

  [[nodiscard]] bool has_own_tag(node_index mapping, std::string_view key) const {
    return std::ranges::any_of(pin::tag_endings, [&](std::string_view ending) {
      return in_.find(mapping, fmt::format("{}{}", key, ending)) != no_node;
    });
  }

  [[nodiscard]] bool has_certain_tag(node_index mapping) const {
    const auto has = [&](std::string_view key) { return in_.find(mapping, key) != no_node; };
    return std::ranges::any_of(pin::certain_tag_keys, has) || std::ranges::any_of(pin::digest_keys, has);
  }

  [[nodiscard]] bool is_name_alone(node_index value) const {
    return is_bare(value) && !pin::names_registry(*string_at(in_.doc, value));
  }

  void add_parts(found_image image) {
    if (image.slot.reason == skip_reason::number_tag || in_.known.contains(image.name)) return;
    in_.known.insert(image.name);
    add(std::move(image));
  }

  void take_string(node_index value, std::string_view key, skip_reason reason = skip_reason::none) {
    if (in_.known.contains(value)) return;
    const auto text = string_at(in_.doc, value);
    if (!text || !is_image_text(key, *text, is_of_container_)) return;
    found_image image = scalar_image(in_, value, pointer_);
    if (reason != skip_reason::none)
      image.slot.reason = reason;
    else if (!leave_if_name_is_longer(value, key, image.slot) && pin::is_without_tag(*text))
      leave_if_tag_is_elsewhere(value, image.slot);
    add(std::move(image));
  }

  // {repository: quay.io/acme, image: "engine:1.0"}: true when the operator may write more before it.
  bool leave_if_name_is_longer(node_index value, std::string_view key, slot& s) {
    const node_index mapping = in_.doc.at(value).parent;
    const auto ref = registry::reference::parse(s.written);
    if (key != pin::image_key || !ref || ref->is_pinned()) return false;
    const auto front = front_part(in_, mapping, ref->written_name());
    if (front.empty()) return false;
    s.problem = fmt::format("its name may begin with {}, {}", in_.scopes.path_to(in_.doc, mapping, front),
                            quoted(scalar_at(in_.doc, in_.find(mapping, front))));
    s.remedy = name_remedy;
    s.reason = skip_reason::split;
    return true;
  }

  // A text without a tag: the operator may write one behind it that is beside or around it.
  void leave_if_tag_is_elsewhere(node_index value, slot& s) {
    node_index mapping = in_.doc.at(value).parent;
    while (mapping != no_node && in_.doc.at(mapping).kind != source_kind::mapping) mapping = in_.doc.at(mapping).parent;
    if (mapping == no_node) return;
    auto around = in_.scopes.within(in_.doc, mapping);
    for (outer_part& one : in_.scopes.around(in_.doc, mapping)) around.push_back(std::move(one));
    for (const outer_part& one : around) {
      if (one.kind != part_kind::tag || one.text.empty()) continue;
      s.problem = fmt::format("its tag may be {}, {}", one.path, quoted(one.text));
      s.remedy = tag_remedy;
      s.reason = skip_reason::split;
      return;
    }
  }

  void add(found_image image) {
    image.is_by_keys = true;
    image.slot.is_guess = true;
    if (!image.slot.format && image.slot.form == slot_form::scalar) image.slot.format = format_;
    keep(in_, owner_, std::move(image));
  }

  image_search& in_;
  const owned_part& owner_;
  const std::set<node_index>& searched_;
  bool builds_;
  std::string pointer_;
  std::optional<pin::pin_format> format_;
  pin::operator_rows operators_;
  bool is_of_container_ = false;
};

}  // namespace

result<void> find_by_keys(image_search& in, const owned_part& owner, const object_type& type,
                          const std::set<node_index>& searched) {
  if (pin::is_policy_group(type.group) || pin::holds_no_images(type.group, type.kind)) return {};
  values_scopes outer = std::exchange(in.scopes, values_scopes());
  auto ok = key_search(in, owner, type, searched).take_spec(owner.root, type.kind);
  in.scopes = std::move(outer);
  return ok;
}

result<void> find_below_key(image_search& in, const owned_part& owner, keyed_part part) {
  values_scopes outer = std::exchange(in.scopes, values_scopes(in.doc.resolve(part.value)));
  const std::set<node_index> searched;
  auto ok = key_search(in, owner, {}, searched).take_part(std::move(part));
  in.scopes = std::move(outer);
  return ok;
}

}  // namespace pinhook::files
