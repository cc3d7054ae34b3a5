// The operator's paths of images, followed in the tree.
#include <pinhook/base/glob.hpp>
#include <pinhook/base/json_pointer.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/pin/find_slots.hpp>
#include <pinhook/pin/object.hpp>
#include <pinhook/pin/path.hpp>

#include <fmt/core.h>

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_kind;
using step_kind = pin::path_step::kind;

// The cost of a step in the budget.
constexpr std::size_t step_cost = 4;

node_index place_of_image(const found_image& image) { return image.scalar != no_node ? image.scalar : image.mapping; }

// The recursion is as deep as the path is long.
class path_follower {
 public:
  path_follower(image_search& in, const pin::path& path, std::string& pointer,
                const std::function<result<void>(node_index)>& take)
      : in_(in), path_(path), pointer_(pointer), take_(take) {}

  result<void> follow(node_index at, std::size_t depth) {
    if (auto ok = in_.spend(step_cost); !ok) return ok;
    if (depth == path_.size()) return take_(at);
    const std::size_t size = pointer_.size();
    auto ok = step(at, depth);
    pointer_.resize(size);
    return ok;
  }

 private:
  result<void> step(node_index at, std::size_t depth) {
    const pin::path_step& step = path_[depth];
    const yaml::source_node& inner = in_.doc.at(in_.doc.resolve(at));
    if (step.type == step_kind::member) {
      const auto next = member_of(in_.doc, at, step.name);
      if (!next) return fail(next.error());
      if (next->value == no_node) return {};
      append_pointer(pointer_, step.name);
      return follow(next->value, depth + 1);
    }
    if (step.type == step_kind::elements && inner.kind == source_kind::sequence) return elements(inner, depth);
    if (step.type == step_kind::values && inner.kind == source_kind::mapping) return values(inner, depth);
    return {};
  }

  result<void> elements(const yaml::source_node& sequence, std::size_t depth) {
    const std::size_t size = pointer_.size();
    std::size_t index = 0;
    for (node_index one = sequence.first; one != no_node; one = in_.doc.at(one).next, ++index) {
      pointer_ += fmt::format("/{}", index);
      if (auto ok = follow(one, depth + 1); !ok) return ok;
      pointer_.resize(size);
    }
    return {};
  }

  result<void> values(const yaml::source_node& mapping, std::size_t depth) {
    const std::size_t size = pointer_.size();
    std::set<std::string_view> keys;
    for (node_index k = mapping.first; k != no_node; k = in_.doc.at(in_.doc.at(k).next).next) {
      const yaml::source_node& key = in_.doc.at(in_.doc.resolve(k));
      if (key.kind != source_kind::scalar) continue;
      if (!keys.insert(key.text).second)
        return refuse_at(in_.doc.at(k), fmt::format("duplicate key {}", quoted(key.text)));
      append_pointer(pointer_, key.text);
      if (auto ok = follow(in_.doc.at(k).next, depth + 1); !ok) return ok;
      pointer_.resize(size);
    }
    return {};
  }

  image_search& in_;
  const pin::path& path_;
  std::string& pointer_;
  const std::function<result<void>(node_index)>& take_;
};

class path_search {
 public:
  explicit path_search(image_search& in) : in_(in) {
    for (const found_image& one : in.images) known_.insert(place_of_image(one));
    const auto type = type_of(in.doc, in.doc.root);
    owner_.object = "document";
    if (type && is_kustomization_type(*type))
      owner_.object = object_text(in.doc, in.doc.root, *type);
    else if (type)
      set_owner(in.doc, in.doc.root, *type, owner_);
    const node_index labels = in.doc.find(in.doc.find(in.doc.root, "metadata"), "labels");
    is_skipped_ = type && string_at(in.doc, in.doc.find(labels, pin::pin_label)) == "skip";
  }

  result<void> follow(const pin::path& path) {
    return follow_path(in_, in_.doc.root, path, pointer_, [this](node_index at) { return take(at); });
  }

 private:
  result<void> take(node_index at) {
    const node_index inner = in_.doc.resolve(at);
    if (in_.doc.at(inner).kind == source_kind::mapping) {
      if (known_.contains(inner)) {
        settle(inner);
        return {};
      }
      auto image = values_image(in_, inner, pointer_, true);
      if (!image) return fail(std::move(image.error()));
      if (*image) add(std::move(**image));
    } else if (const auto text = string_at(in_.doc, at); text && !text->empty()) {
      if (known_.contains(at))
        settle(at);
      else
        add(scalar_image(in_, at, pointer_));
    }
    return {};
  }

  // An image in a place that the operator names is no guess.
  void settle(node_index place) {
    for (found_image& one : in_.images) {
      if (place_of_image(one) != place) continue;
      one.slot.is_guess = false;
      one.is_by_keys = false;
    }
  }

  void add(found_image image) {
    known_.insert(place_of_image(image));
    image.slot.object = owner_.object;
    image.slot.group = owner_.group;
    image.slot.kind = owner_.kind;
    image.slot.ns = owner_.ns;
    if (is_skipped_) image.slot.reason = skip_reason::skip_label;
    keep(in_, std::move(image));
  }

  image_search& in_;
  std::set<node_index> known_;
  // The owner of the images.
  slot owner_;
  bool is_skipped_ = false;
  std::string pointer_;
};

}  // namespace

result<void> follow_path(image_search& in, node_index from, const pin::path& path, std::string& pointer,
                         const std::function<result<void>(node_index)>& take) {
  return path_follower(in, path, pointer, take).follow(from, 0);
}

std::string pointer_to(const yaml::source_document& doc, const owned_part& part, node_index node) {
  std::vector<std::string> steps;
  for (node_index i = node, up = doc.at(i).parent; i != part.root && up != no_node; i = up, up = doc.at(i).parent) {
    const bool is_mapping = doc.at(up).kind == source_kind::mapping;
    std::size_t index = 0;
    node_index k = doc.at(up).first;
    for (; k != no_node && (is_mapping ? doc.at(k).next : k) != i; k = doc.at(is_mapping ? doc.at(k).next : k).next)
      ++index;
    std::string step;
    append_pointer(step, is_mapping ? std::string(doc.at(doc.resolve(k)).text) : std::to_string(index));
    steps.push_back(std::move(step));
  }
  std::string out = part.pointer;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) out += *step;
  return out;
}

result<void> find_by_path(image_search& in, const custom_paths& custom) {
  path_search search(in);
  for (const std::string& text : custom.paths) {
    const auto path = pin::parse_path(text);
    if (!path) return fail(path.error());
    if (auto ok = search.follow(*path); !ok) return ok;
  }
  return {};
}

bool applies_to(const custom_paths& custom, std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  constexpr std::string_view any_directory = "**/";
  const std::string_view pattern = custom.files;
  return glob(pattern).matches(path) ||
         (pattern.starts_with(any_directory) && glob(pattern.substr(any_directory.size())).matches(path));
}

}  // namespace pinhook::files
