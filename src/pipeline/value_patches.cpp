#include <pinhook/pipeline/value_patches.hpp>

#include <pinhook/base/json_pointer.hpp>
#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/yaml/each_item.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <utility>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;
using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

// Groups whose objects have no images in several members; "" is core.
constexpr std::array<std::string_view, 5> groups_without_values{"", "apps", "batch", "networking.k8s.io",
                                                                "rbac.authorization.k8s.io"};
constexpr std::array<std::string_view, 9> kinds_without_values{
    "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "Job", "CronJob", "Service", "Ingress"};
// Words of keys that hold a part of an image. Most patches have none.
constexpr std::array<std::string_view, 9> words{"repo",  "egistry", "hub",   "mage",  "ag",
                                                "igest", "refix",   "uffix", "ersion"};

bool may_change_image(std::string_view text) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.contains(word); });
}

// Members that are changed, as the mapping that they make together.
struct changed_values {
  std::map<std::string, changed_values, std::less<>> of;
  std::string text;

  // One that is nested too deep is left out: `write` and the end of this take a call for each level.
  void put(std::string_view pointer, std::string_view value) {
    if (std::ranges::count(pointer, '/') > static_cast<std::ptrdiff_t>(max_patched_depth)) return;
    changed_values* at = this;
    while (pointer.starts_with('/')) at = &at->of[take_part(pointer)];
    at->text = value;
  }

  void write(std::string& into) const {
    if (of.empty()) return write_text(text, into);
    into += '{';
    for (const auto& [key, one] : of) {
      write_text(key, into);
      into += ": ";
      one.write(into);
      into += ", ";
    }
    into += '}';
  }

 private:
  static void write_text(std::string_view value, std::string& into) {
    into += '\'';
    for (const char c : value) into += c == '\'' ? "''" : std::string_view(&c, 1);
    into += '\'';
  }
};

bool is_printable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

// What the operations of a JSON patch write, as one mapping; empty: nothing.
std::string changed_by(const source_document& doc) {
  changed_values out;
  yaml::for_each_item(doc, doc.root, [&](node_index one) {
    const std::string_view operation = doc.text_of(one, "op");
    const std::string_view path = doc.text_of(one, "path");
    const std::string_view value = doc.text_of(one, "value");
    const bool writes = operation == "add" || operation == "replace";
    if (writes && path.starts_with('/') && is_printable(path) && is_printable(value) && !value.empty())
      out.put(path, value);
  });
  std::string text;
  if (!out.of.empty()) out.write(text);
  return text;
}

// "spec.values.image.tag" → "/spec/values/image/tag"; a dot in a key is written "\.".
std::string pointer_of_field(std::string_view field) {
  std::string out;
  std::string key;
  const auto end_key = [&] {
    append_pointer(out, key);
    key.clear();
  };
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 1 < field.size())
      key += field[++i];
    else if (field[i] == '.')
      end_key();
    else
      key += field[i];
  }
  end_key();
  return out;
}

bool is_plain_name(std::string_view text) { return text.find_first_of("*+?()[]|^$\\") == std::string_view::npos; }

std::string_view group_of(std::string_view api_version) {
  const std::size_t at = api_version.find('/');
  return at == std::string_view::npos ? std::string_view() : api_version.substr(0, at);
}

// The pointer to the patch that is a text of a kustomization, "/patches/0/patch", or to the object of a List; empty:
// the object is the document.
std::string_view object_pointer(const files::slot& image) {
  const std::string_view pointer = image.pointer;
  const auto parts = [&](std::size_t count) {
    std::size_t end = 0;
    for (std::size_t i = 0; i < count && end != std::string_view::npos; ++i) end = pointer.find('/', end + 1);
    return pointer.substr(0, end);
  };
  if (!image.is_in_text) return pointer.starts_with("/items/") ? parts(2) : std::string_view();
  if (pointer.starts_with("/patchesStrategicMerge/")) return parts(2);
  // Also those of other objects, "/spec/patches/0/patch".
  constexpr std::string_view list = "/patches/";
  const std::size_t begin = pointer.find(list);
  if (begin == std::string_view::npos) return {};
  const std::size_t key = pointer.find("/patch/", begin + list.size());
  return key == std::string_view::npos ? std::string_view()
                                       : pointer.substr(0, key + std::string_view("/patch").size());
}

}  // namespace

void value_patches::keep(patch&& one) {
  auto kept = std::make_unique<patch>(std::move(one));
  auto read = yaml::read_source(kept->text);
  if (!read || read->documents.empty()) return;
  kept->content = *std::move(read);
  patches_.push_back(std::move(kept));
}

void value_patches::take(const std::string& by, const kustomization_patch& from, std::string text) {
  if (!may_change_image(text) || std::ranges::find(kinds_without_values, from.kind) != kinds_without_values.end())
    return;
  const auto read = yaml::read_source(text);
  if (!read) return;
  for (std::size_t i = 0; i < read->documents.size(); ++i) {
    const source_document& doc = read->documents[i];
    const node_index root = doc.resolve(doc.root);
    if (doc.at(root).kind == source_kind::sequence) {
      if (auto changed = changed_by(doc); !changed.empty())
        keep({.kind = from.kind, .name = from.name, .by = by, .text = std::move(changed), .has_members = true});
      continue;
    }
    const std::string_view version = doc.text_of(root, "apiVersion");
    if (std::ranges::find(groups_without_values, group_of(version)) != groups_without_values.end() && !version.empty())
      continue;
    // The target goes before the patch's own kind and name.
    const std::string_view name = doc.text_of(doc.resolve(doc.find(root, "metadata")), "name");
    const bool has_target = !from.kind.empty() || !from.name.empty();
    keep({.kind = has_target ? from.kind : std::string(doc.text_of(root, "kind")),
          .name = has_target ? from.name : std::string(name),
          .by = by,
          .text = text,
          .document = i});
  }
}

void value_patches::take_fields(const std::string& by, const std::vector<image_cut>& fields) {
  for (const image_cut& one : fields) {
    if (!one.is_whole || !may_change_image(one.field) || one.field.contains("ontainers") || !is_printable(one.field))
      continue;
    changed_values changed;
    changed.put(pointer_of_field(one.field), "replaced");
    if (changed.of.empty()) continue;
    patch made{.kind = one.kind, .name = one.name, .by = by, .has_members = true};
    made.problem = fmt::format("replacements in {} write {}, a part of it", by, one.field);
    changed.write(made.text);
    keep(std::move(made));
  }
}

value_patches::value_patches(const std::string& path, const read_kustomization& from) {
  for (const kustomization_patch& one : from.patches) {
    if (!one.pointer.empty()) {
      take(one.by.empty() ? path : one.by, one, one.text);
      continue;
    }
    const std::string file = (fs::path(path).parent_path() / one.text).lexically_normal().string();
    if (auto text = read_input_text(file)) take(file, one, *std::move(text));
  }
  take_fields(path, from.cuts);
}

bool value_patches::reaches(const patch& one, const files::slot& image) {
  if (!one.kind.empty() && is_plain_name(one.kind) && one.kind != image.kind) return false;
  const std::string_view object = std::string_view(image.object).substr(image.object.find_last_of(" /") + 1);
  return one.name.empty() || !is_plain_name(one.name) || one.name.contains(object);
}

bool may_have_values(const files::slot& image) {
  return std::ranges::find(kinds_without_values, image.kind) == kinds_without_values.end();
}

bool value_patches::may_reach(const files::slot& image) const {
  return std::ranges::any_of(patches_, [&](const auto& one) { return reaches(*one, image); });
}

std::vector<renamed_image> value_patches::renamed(const value_tree& own, const files::slot& image,
                                                  std::string_view pointer) const {
  std::vector<renamed_image> out;
  const layered_image merged(own, image, pointer);
  std::size_t count = 0;
  for (const auto& one : patches_) {
    if (!reaches(*one, image)) continue;
    if (++count > max_patches_of_image) break;
    const source_document& changes = one->content.documents[one->document];
    value_tree over = tree_of(changes, changes.root, one->by);
    over.has_members = one->has_members;
    over.problem = one->problem;
    if (auto found = merged.under(over)) out.push_back(*std::move(found));
  }
  return out;
}

const yaml::source& patched_objects::read(const fs::path& file) {
  const auto [found, is_new] = files_.try_emplace(file);
  read_file& out = found->second;
  if (is_new) {
    out.text = read_input_text(file.string()).value_or("");
    if (auto read = yaml::read_source(out.text)) out.content = *std::move(read);
  }
  return out.content;
}

std::pair<const patched_object*, std::string_view> patched_objects::of(const fs::path& file, const files::slot& image) {
  const std::string_view at = object_pointer(image);
  if (file.empty() || (image.is_in_text && at.empty())) return {};
  const auto [found, is_new] = known_.try_emplace({file, image.document, std::string(at)});
  patched_object& out = found->second;
  const std::vector<source_document>& documents = read(file).documents;
  if (is_new && image.document < documents.size()) {
    const source_document& doc = documents[image.document];
    out.by = file.string();
    out.doc = &doc;
    out.root = doc.at_pointer(doc.root, at);
    if (image.is_in_text) {
      out.text = std::string(doc.at(doc.resolve(out.root)).text);
      out.root = no_node;
      if (auto read = yaml::read_source(out.text); read && !read->documents.empty()) {
        out.content = *std::move(read);
        out.doc = &out.content.documents.front();
        out.root = out.doc->root;
      }
    }
  }
  if (out.root == no_node) return {};
  return {&out, std::string_view(image.pointer).substr(at.size())};
}

void images_of_values::find(const value_patches& patches, const std::vector<taken_image>& all, const on_found& take) {
  std::map<std::pair<std::string_view, std::string_view>, std::vector<placed_image>> below;
  for (const taken_image& image : all) {
    const files::slot& s = image.slot;
    if (!s.tag || s.reason != files::skip_reason::none || s.kind.empty() || !may_have_values(s)) continue;
    placed_image own{.image = &image};
    if (patches.may_reach(s) && has_object(own))
      for (renamed_image& one : patches.renamed(own.object->tree(), s, own.pointer)) take(image, std::move(one));
    auto& same = below[{s.kind, s.object}];
    for (std::size_t i = 0; image.is_of_patch && i < same.size(); ++i)
      if (auto one = above(same[i], own)) take(image, *std::move(one));
    if (same.size() < max_patches_of_image) same.push_back(own);
  }
}

bool images_of_values::has_object(placed_image& of) {
  if (!of.is_known) std::tie(of.object, of.pointer) = objects_.of(of.image->file, of.image->slot);
  of.is_known = true;
  return of.object != nullptr;
}

std::optional<renamed_image> images_of_values::above(placed_image& below, placed_image& own) {
  if (!has_object(own) || !has_object(below) || own.object == below.object) return std::nullopt;
  const value_tree base = own.object->tree();
  value_tree other = below.object->tree();
  other.by = below.image->place;
  return layered_image(base, own.image->slot, own.pointer).above(other);
}

}  // namespace pinhook::pipeline
