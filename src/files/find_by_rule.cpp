// Where the operator says that images stand: paths followed in the tree.
#include <pinhook/base/glob.hpp>
#include <pinhook/files/finding.hpp>
#include <pinhook/pin/find_slots.hpp>
#include <pinhook/pin/json_pointer.hpp>
#include <pinhook/pin/object.hpp>
#include <pinhook/pin/path.hpp>

#include <fmt/core.h>

#include <set>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_kind;
using step_kind = pin::path_step::kind;

// What a step costs of the budget.
constexpr std::size_t step_cost = 4;

node_index place_of(const found_image& image) { return image.scalar != no_node ? image.scalar : image.mapping; }

class rule_search {
 public:
  explicit rule_search(finding& f) : f_(f) {
    for (const found_image& one : f.images) known_.insert(place_of(one));
    const auto type = type_of(f.doc, f.doc.root);
    owner_.object = "document";
    if (type && is_kustomization_type(*type))
      owner_.object = object_text(f.doc, f.doc.root, *type);
    else if (type)
      set_owner(f.doc, f.doc.root, *type, owner_);
    const node_index labels = f.doc.find(f.doc.find(f.doc.root, "metadata"), "labels");
    is_skipped_ = type && string_at(f.doc, f.doc.find(labels, pin::pin_label)) == "skip";
  }

  result<void> follow(const pin::path& path) { return follow(f_.doc.root, path, 0); }

 private:
  // Recursion is as deep as the path is long.
  result<void> follow(node_index at, const pin::path& path, std::size_t depth) {
    if (auto ok = f_.spend(step_cost); !ok) return ok;
    if (depth == path.size()) return take(at);
    const pin::path_step& step = path[depth];
    const yaml::source_node& inner = f_.doc.at(f_.doc.resolve(at));
    const std::size_t size = pointer_.size();
    if (step.type == step_kind::member) {
      const auto next = member_of(f_.doc, at, step.name);
      if (!next) return fail(next.error());
      if (next->value == no_node) return {};
      pin::append_pointer(pointer_, step.name);
      if (auto ok = follow(next->value, path, depth + 1); !ok) return ok;
    } else if (step.type == step_kind::elements && inner.kind == source_kind::sequence) {
      std::size_t index = 0;
      for (node_index one = inner.first; one != no_node; one = f_.doc.at(one).next, ++index) {
        pointer_ += fmt::format("/{}", index);
        if (auto ok = follow(one, path, depth + 1); !ok) return ok;
        pointer_.resize(size);
      }
    } else if (step.type == step_kind::values && inner.kind == source_kind::mapping) {
      std::set<std::string_view> keys;
      for (node_index k = inner.first; k != no_node; k = f_.doc.at(f_.doc.at(k).next).next) {
        const yaml::source_node& key = f_.doc.at(f_.doc.resolve(k));
        if (key.kind != source_kind::scalar) continue;
        if (!keys.insert(key.text).second)
          return refuse_at(f_.doc.at(k), fmt::format("the key {} stands twice", quoted(key.text)));
        pin::append_pointer(pointer_, key.text);
        if (auto ok = follow(f_.doc.at(k).next, path, depth + 1); !ok) return ok;
        pointer_.resize(size);
      }
    }
    pointer_.resize(size);
    return {};
  }

  result<void> take(node_index at) {
    const node_index inner = f_.doc.resolve(at);
    if (f_.doc.at(inner).kind == source_kind::mapping) {
      if (known_.contains(inner)) return {};
      auto image = values_image(f_, inner, pointer_, true);
      if (!image) return fail(std::move(image.error()));
      if (*image) add(std::move(**image));
    } else if (const auto text = string_at(f_.doc, at); text && !text->empty() && !known_.contains(at)) {
      add(scalar_image(f_, at, pointer_));
    }
    return {};
  }

  void add(found_image image) {
    known_.insert(place_of(image));
    image.what.object = owner_.object;
    image.what.group = owner_.group;
    image.what.kind = owner_.kind;
    image.what.ns = owner_.ns;
    if (is_skipped_) image.what.reason = skip_reason::skip_label;
    keep(f_, std::move(image));
  }

  finding& f_;
  std::set<node_index> known_;
  // Whose images they are.
  site owner_;
  bool is_skipped_ = false;
  std::string pointer_;
};

}  // namespace

result<void> find_by_rule(finding& f, const path_rule& rule) {
  rule_search search(f);
  for (const std::string& text : rule.paths) {
    const auto path = pin::parse_path(text);
    if (!path) return fail(path.error());
    if (auto ok = search.follow(*path); !ok) return ok;
  }
  return {};
}

bool applies_to(const path_rule& rule, std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  constexpr std::string_view any_directory = "**/";
  const std::string_view pattern = rule.files;
  return glob(pattern).matches(path) ||
         (pattern.starts_with(any_directory) && glob(pattern.substr(any_directory.size())).matches(path));
}

}  // namespace pinhook::files
