#include <pinhook/files/values_overrides.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/pin/image_keys.hpp>
#include <pinhook/pin/image_parts.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <span>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

// Lists of {name, value} that are stronger than values. Argo CD: `parameters` and `fileParameters`
// (pkg/apis/application/v1alpha1/types.go, ApplicationSourceHelm); Crossplane, Helmfile: `set`, `setString`.
constexpr std::array<std::string_view, 5> stronger_lists{"parameters", "fileParameters", "set", "setString",
                                                         "setTemplate"};
// Flux: `valuesFrom` with a `targetPath`, over which the values of the object itself go
// (fluxcd/pkg, chartutil.ChartValuesFromReferences).
constexpr std::string_view weaker_list = "valuesFrom";

// Keys that may be a part of the image of the mapping that holds them.
constexpr std::array<std::span<const std::string_view>, 8> parts_of_image{
    pin::registry_keys, pin::tag_keys,     pin::repository_keys, pin::digest_keys,
    pin::other_parts,   pin::hinted_parts, pin::extension_keys,  pin::front_keys};

std::string joined(std::string_view path, std::string_view key) {
  return fmt::format("{}{}{}", path, path.empty() ? "" : ".", key);
}

// "web.images[0]" → "web.images"; "web" → "".
std::string_view around(std::string_view path) {
  const std::size_t at = path.find_last_of(".[");
  return path.substr(0, at == std::string_view::npos ? 0 : at);
}

// Values beside parameters: mappings, and texts.
constexpr std::array<std::string_view, 3> values_keys{"values", "valuesObject", "valuesContent"};

std::string takes_place(std::string_view name) {
  return fmt::format("{} beside the values takes the place of a part of it", name);
}

}  // namespace

values_overrides::values_overrides(const source_document& doc, node_index values) {
  node_index at = doc.at(values).parent;
  while (at != no_node && doc.at(at).kind == source_kind::sequence) at = doc.at(at).parent;
  if (at == no_node) return;
  for (const std::string_view key : stronger_lists) {
    const node_index list = doc.resolve(doc.find(at, key));
    take_list(doc, list, "name", true);
    take_pairs(doc, list);
  }
  take_list(doc, doc.resolve(doc.find(at, weaker_list)), "targetPath", false);
  // Of two forms of the values, Argo CD reads the mapping alone.
  constexpr std::string_view mapping_key = "valuesObject";
  if (doc.find(at, "values") == values && doc.find(at, mapping_key) != no_node) replaced_by_ = mapping_key;
}

void values_overrides::take_list(const source_document& doc, node_index list, std::string_view key, bool is_stronger) {
  if (list == no_node || doc.at(list).kind != source_kind::sequence) return;
  for (node_index one = doc.at(list).first; one != no_node; one = doc.at(one).next)
    if (const std::string_view name = doc.text_of(one, key); !name.empty())
      by_name_.try_emplace(name, name, doc.text_of(one, "value"), is_stronger);
}

void values_overrides::take_pairs(const source_document& doc, node_index mapping) {
  if (mapping == no_node || doc.at(mapping).kind != source_kind::mapping) return;
  for (node_index k = doc.at(mapping).first; k != no_node; k = doc.at(doc.at(k).next).next)
    if (const std::string_view name = scalar_at(doc, k); !name.empty())
      by_name_.try_emplace(name, name, scalar_at(doc, doc.at(k).next), true);
}

const values_overrides::override_value* values_overrides::find(const source_document& in, node_index root,
                                                               const std::string& name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return nullptr;
  if (found->second.is_stronger) return &found->second;
  std::string pointer = "/" + name;
  std::ranges::replace(pointer, '.', '/');
  return scalar_at(in, in.at_pointer(root, pointer)).empty() ? &found->second : nullptr;
}

// Registries and the like in the mapping `around` and its `global`.
std::string values_overrides::outer_problem(const source_document& in, node_index root, std::string_view around,
                                            const found_image& image) const {
  const auto ref = registry::reference::parse(image.slot.written);
  const bool has_tag = image.tag != no_node || (ref && (!ref->tag().empty() || ref->is_pinned()));
  const bool has_registry = image.slot.form == slot_form::scalar && pin::names_registry(image.slot.written);
  for (const std::string& at : {std::string(around), joined(around, "global"), joined(around, "global.image")})
    for (const auto& [key, kind] : pin::outer_part_keys) {
      const auto* one = find(in, root, joined(at, key));
      if (one == nullptr || (one->text.empty() && one->is_stronger)) continue;
      const bool is_part = kind == pin::part_kind::tag ? !has_tag
                           : kind == pin::part_kind::registry
                               ? !has_registry && (one->text.empty() || one->text != scalar_at(in, image.registry))
                               : true;
      if (!is_part) continue;
      return fmt::format("the chart decides whether {}{} is part of its name", one->name,
                         one->text.empty() ? std::string() : fmt::format(", {},", quoted(one->text)));
    }
  return {};
}

std::string values_overrides::problem_of(const source_document& in, node_index root, std::string_view path,
                                         const found_image& image) const {
  if (!replaced_by_.empty()) return fmt::format("{} takes the place of these values", replaced_by_);
  if (by_name_.empty()) return {};
  for (std::string_view at = path; !at.empty(); at = around(at))
    if (const auto* one = find(in, root, std::string(at))) return takes_place(one->name);
  if (image.slot.form == slot_form::values) {
    for (const auto& keys : parts_of_image)
      for (const std::string_view key : keys) {
        const auto* one = find(in, root, joined(path, key));
        const bool is_same = one != nullptr && !one->text.empty() && one->text == scalar_at(in, image.registry) &&
                             std::ranges::find(pin::registry_keys, key) != pin::registry_keys.end();
        if (one != nullptr && !is_same) return takes_place(one->name);
      }
    if (auto problem = outer_problem(in, root, path, image); !problem.empty()) return problem;
  } else {
    for (const std::string_view ending : pin::tag_endings)
      if (const auto* one = find(in, root, fmt::format("{}{}", path, ending))) return takes_place(one->name);
    if (const auto* one = find(in, root, fmt::format("{}{}", path, pin::digest_ending))) return takes_place(one->name);
  }
  while (!path.empty()) {
    path = around(path);
    if (auto problem = outer_problem(in, root, path, image); !problem.empty()) return problem;
  }
  return {};
}

void values_overrides::settle(const source_document& in, node_index root, std::string_view pointer,
                              std::vector<found_image>& images, std::size_t first) const {
  if (is_empty()) return;
  for (std::size_t i = first; i < images.size(); ++i) {
    slot& s = images[i].slot;
    if (s.reason != skip_reason::none || !s.problem.empty() || !s.pointer.starts_with(pointer)) continue;
    s.problem = problem_of(in, root, path_text(std::string_view(s.pointer).substr(pointer.size())), images[i]);
    if (s.problem.empty()) continue;
    s.remedy = rendered_first;
    if (!s.written.contains('@')) s.reason = skip_reason::split;
  }
}

values_beside::values_beside(const source_document& doc, node_index parameters) {
  const node_index mapping = doc.at(parameters).parent;
  if (mapping == no_node || doc.at(mapping).kind != source_kind::mapping) return;
  for (const std::string_view key : values_keys) {
    const node_index values = doc.resolve(doc.find(mapping, key));
    if (doc.at(values).kind == source_kind::mapping) {
      trees_.push_back({&doc, values});
    } else if (auto read = yaml::read_source(scalar_at(doc, values)); read && !read->documents.empty()) {
      const source_document& text = texts_.emplace_back(*std::move(read)).documents.front();
      trees_.push_back({&text, text.root});
    }
  }
}

node_index values_beside::mapping_at(tree& in, std::string_view path) {
  node_index at = in.root;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('.'), path.size());
    at = in.keys.find(*in.doc, at, path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return at;
}

std::string values_beside::part_at(const std::string& place, bool is_image) {
  for (tree& one : trees_) {
    const node_index mapping = mapping_at(one, place);
    if (mapping == no_node) continue;
    const auto says = [&](std::string_view key) {
      return !scalar_at(*one.doc, one.keys.find(*one.doc, mapping, key)).empty();
    };
    for (const auto& [key, kind] : pin::outer_part_keys)
      if (kind != pin::part_kind::tag && says(key)) return joined(place, key);
    for (const std::string_view key : pin::other_parts)
      if (is_image && says(key)) return joined(place, key);
  }
  return {};
}

const std::string& values_beside::part_of(std::string_view name) {
  const auto known = known_.find(name);
  if (known != known_.end()) return known->second;
  std::string found;
  for (std::string_view at = name; found.empty(); at = around(at)) {
    found = part_at(std::string(at), at == name);
    for (const std::string_view global : {"global", "global.image"})
      if (found.empty()) found = part_at(joined(at, global), false);
    if (at.empty()) break;
  }
  return known_.emplace(std::string(name), std::move(found)).first->second;
}

}  // namespace pinhook::files
