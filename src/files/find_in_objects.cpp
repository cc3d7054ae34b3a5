// Kubernetes objects: the webhook's own engine reads as JSON those that are not read from their nodes (pod_nodes.hpp),
// and its pointers lead back to the nodes.
#include <pinhook/files/first_look.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/files/pod_nodes.hpp>
#include <pinhook/pin/find_slots.hpp>
#include <pinhook/pin/image_kinds.hpp>
#include <pinhook/pin/object.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

constexpr std::string_view list_suffix = "List";

// The cost of an object beside its JSON.
constexpr std::size_t object_cost = 256;
// Limit of a displayed name in bytes; longer names are not valid (RFC 1123 subdomain).
constexpr std::size_t max_shown_name = 253;

// Keys that read_object accepts only once, beside those on the way to an image.
constexpr std::array<std::string_view, 12> single_keys{"metadata",
                                                       "labels",
                                                       "annotations",
                                                       "ownerReferences",
                                                       "imagePullSecrets",
                                                       "serviceAccountName",
                                                       "serviceAccount",
                                                       "reference",
                                                       pin::pin_label,
                                                       pin::pins_annotation,
                                                       pin::updates_annotation,
                                                       pin::refresh_annotation};

std::string_view group_of(std::string_view api_version) {
  const std::size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

void append_shown(std::string& to, std::string_view name) {
  const bool is_plain =
      std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (is_plain && name.size() <= max_shown_name)
    to += name;
  else
    to += quoted(name, max_shown_name);
}

// True when an image depends on the duplicate key. `first` and `second` are its places.
bool matters(const image_search& in, node_index mapping, node_index first, node_index second) {
  const std::string_view key = in.doc.at(in.doc.resolve(first)).text;
  const auto& keys = in.places.kinds.keys();
  if (std::ranges::find(keys, key) != keys.end() || std::ranges::find(single_keys, key) != single_keys.end())
    return true;
  if (key == "name") return in.doc.find(mapping, "image") != no_node;
  return std::ranges::any_of(std::array{first, second}, [&](node_index k) {
    const node_index value = in.doc.resolve(in.doc.at(k).next);
    return in.doc.at(value).kind != source_kind::scalar && holds_key(in.written(value), keys);
  });
}

// The second place of a duplicate key in a mapping from `begin` to before `end`; a key that matters is preferred.
node_index find_twice(const image_search& in, node_index begin, node_index end) {
  node_index any = no_node;
  for (node_index i = begin; i < end; ++i) {
    if (in.doc.at(i).kind != source_kind::mapping) continue;
    std::map<std::string_view, node_index> seen;
    for (node_index k = in.doc.at(i).first; k != no_node; k = in.doc.at(in.doc.at(k).next).next) {
      if (in.doc.at(in.doc.resolve(k)).kind != source_kind::scalar) continue;
      const auto [first, is_new] = seen.emplace(in.doc.at(in.doc.resolve(k)).text, k);
      if (is_new) continue;
      if (matters(in, i, first->second, k)) return k;
      if (any == no_node) any = k;
    }
  }
  return any;
}

// The engine's messages name bytes of the JSON, which the author never saw.
std::string_view without_offset(std::string_view message) {
  const std::size_t colon = message.find(": ");
  return message.starts_with("not valid JSON") && colon != std::string_view::npos ? message.substr(colon + 2) : message;
}

std::unexpected<error> explain(const image_search& in, node_index object, const error& problem) {
  const std::string_view message = without_offset(problem.message);
  if (message.contains("duplicate key")) {
    const auto size = static_cast<node_index>(in.doc.nodes.size());
    node_index end = object + 1;
    while (end < size && in.doc.at(end).span.begin < in.doc.at(object).span.end) ++end;
    node_index twice = find_twice(in, object, end);
    if (twice == no_node) twice = find_twice(in, 0, size);
    if (twice != no_node)
      return refuse_at(in.doc.at(twice),
                       fmt::format("duplicate key {}", quoted(in.doc.at(in.doc.resolve(twice)).text)));
  }
  return refuse_at(in.doc.at(object), message);
}

class object_search {
 public:
  object_search(image_search& in, const owned_part& part)
      : in_(in), is_inner_(part.root != in.doc.root), reason_(part.owner.reason), pointer_(part.pointer) {}

  result<void> take(node_index i, const object_type& type, std::size_t depth) {
    if (auto ok = in_.spend(object_cost); !ok) return ok;
    for (const std::string_view key : {"apiVersion", "kind", "items"})
      if (const auto once = member_of(in_.doc, i, key); !once) return fail(once.error());
    if (type.kind.ends_with(list_suffix)) {
      const node_index items = in_.doc.resolve(in_.doc.find(i, "items"));
      if (items != no_node && in_.doc.at(items).kind == source_kind::sequence) return take_items(items, type, depth);
    }
    if (is_kustomization_type(type)) return find_in_kustomization(in_, i, pointer_);
    if (depth == 0 || !cannot_hold_images(i))
      if (auto ok = take_object(i, type); !ok) return ok;
    return find_in_known_fields(in_, i, type, pointer_);
  }

 private:
  // The items of a DeploymentList may omit apiVersion and kind.
  result<void> take_items(node_index items, const object_type& type, std::size_t depth) {
    if (depth == max_list_depth)
      return refuse_at(in_.doc.at(items), fmt::format("lists are nested more than {} deep", max_list_depth));
    const object_type unsaid{type.group, type.kind.substr(0, type.kind.size() - list_suffix.size())};
    const std::size_t size = pointer_.size();
    std::size_t index = 0;
    for (node_index one = in_.doc.at(items).first; one != no_node; one = in_.doc.at(one).next, ++index) {
      const node_index item = in_.doc.resolve(one);
      if (in_.doc.at(item).kind != source_kind::mapping) continue;
      const auto own = type_of(in_.doc, item);
      if (!own && unsaid.kind.empty()) continue;
      pointer_ += fmt::format("/items/{}", index);
      if (auto ok = take(item, own ? *own : unsaid, depth + 1); !ok) return ok;
      pointer_.resize(size);
    }
    return {};
  }

  // True when its own bytes hold neither a key of an image nor an alias to other bytes.
  [[nodiscard]] bool cannot_hold_images(node_index i) const {
    const std::string_view text = in_.written(i);
    return !text.contains('*') && !holds_image_key(text, in_.places);
  }

  result<void> take_object(node_index i, const object_type& type) {
    owned_part part = part_of(i, {});
    part.pointer = pointer_;
    auto read = images_of(i, type);
    if (!read) return fail(std::move(read.error()));
    set_owner(in_.doc, i, type, part.owner);
    part.owner.reason = pin::is_policy_group(type.group) ? skip_reason::pattern : reason_;
    if (read->pin_label == "skip") part.owner.reason = skip_reason::skip_label;
    // The search of an object around this one may have found some of them.
    if (is_inner_) std::erase_if(read->images, [&](const pod_image& one) { return in_.known.contains(one.node); });
    const std::size_t before = in_.images.size();
    for (pod_image& one : read->images)
      if (auto ok = take_image(std::move(one), part); !ok) return ok;
    std::set<node_index> searched;
    if (auto ok = find_in_places(in_, part, type, searched); !ok) return ok;
    if (keys_add_nothing(in_, i, type, std::span(in_.images).subspan(before))) return {};
    return find_by_keys(in_, part, type, searched);
  }

  result<pod_images> images_of(node_index i, const object_type& type) {
    const auto places = in_.places.kinds.of(type.group, type.kind);
    const bool has_alias = in_.written(i).contains('*');
    if (!has_alias) {
      if (auto plain = read_pod_nodes(in_.doc, i, places)) {
        if (auto ok = in_.spend(in_.written(i).size()); !ok) return fail(std::move(ok.error()));
        return *std::move(plain);
      }
    }
    // Of an object that an alias may unfold, all is written, so that its size counts.
    const bool is_short = pin::are_by_name(places) && !has_alias;
    auto json = is_short ? yaml::to_json_of(in_.doc, i, in_.places.kinds.members(), in_.budget)
                         : yaml::to_json(in_.doc, i, in_.budget);
    if (!json) return fail(in_.spend(in_.budget + 1).error());
    if (auto ok = in_.spend(json->size()); !ok) return fail(std::move(ok.error()));
    auto read = pin::read_object(*json, places);
    if (!read) return explain(in_, i, read.error());
    return as_nodes(i, *std::move(read));
  }

  result<pod_images> as_nodes(node_index object, pin::object read) {
    pod_images out;
    label_ = std::move(read.metadata.pin_label).value_or(std::string());
    out.pin_label = label_;
    slots_ = std::move(read.found.slots);
    for (const pin::slot& slot : slots_)
      out.images.push_back({.node = in_.doc.at_pointer(object, slot.pointer),
                            .pointer = slot.pointer,
                            .image = slot.image,
                            .container = slot.container,
                            .pull_policy = slot.pull_policy,
                            .type = slot.type});
    return out;
  }

  result<void> take_image(pod_image one, const owned_part& part) {
    const node_index scalar = in_.doc.resolve(one.node);
    // With duplicate keys the engine takes the value that leads to an image, and the nodes give the first.
    if (scalar == no_node || in_.doc.at(scalar).text != one.image)
      return explain(in_, part.root, {error_code::malformed, "a duplicate key on the way to an image", std::nullopt});
    const std::string name = one.container.empty() ? path_text(one.pointer) : std::string(one.container);
    found_image image = scalar_image(in_, one.node, pointer_ + one.pointer, name);
    image.slot.pull_policy = one.pull_policy;
    image.slot.type = one.type;
    keep(in_, part, std::move(image));
    return {};
  }

  image_search& in_;
  // It is inside of another object.
  bool is_inner_;
  skip_reason reason_;
  std::string pointer_;
  /// Of the object that was read as JSON last.
  std::string label_;
  std::vector<pin::slot> slots_;
};

}  // namespace

std::optional<object_type> type_of(const source_document& doc, node_index i) {
  const auto version = string_at(doc, doc.find(i, "apiVersion"));
  const auto kind = string_at(doc, doc.find(i, "kind"));
  if (!version || version->empty() || !kind || kind->empty()) return std::nullopt;
  return object_type{group_of(*version), *kind};
}

bool is_kustomization_type(const object_type& type) {
  return type.group == kustomize_group && (type.kind == "Kustomization" || type.kind == "Component");
}

std::string object_text(const source_document& doc, node_index i, const object_type& type) {
  const node_index metadata = doc.find(i, "metadata");
  std::string_view name = doc.text_of(metadata, "name");
  if (name.empty()) name = doc.text_of(metadata, "generateName");
  const std::string_view ns = doc.text_of(metadata, "namespace");
  std::string out;
  out.reserve(type.kind.size() + ns.size() + name.size() + 2);
  append_shown(out, type.kind);
  if (name.empty()) return out;
  out += ' ';
  if (!ns.empty()) {
    append_shown(out, ns);
    out += '/';
  }
  append_shown(out, name);
  return out;
}

void set_owner(const source_document& doc, node_index object, const object_type& type, slot& s) {
  s.object = object_text(doc, object, type);
  s.group = type.group;
  s.kind = type.kind;
  s.ns = string_at(doc, doc.find(doc.find(object, "metadata"), "namespace")).value_or(std::string_view());
}

result<void> find_in_object(image_search& in, const owned_part& part, const object_type& type) {
  return object_search(in, part).take(part.root, type, 0);
}

}  // namespace pinhook::files
