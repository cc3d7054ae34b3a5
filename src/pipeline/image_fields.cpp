#include <pinhook/pipeline/image_fields.hpp>

#include <pinhook/base/json_pointer.hpp>
#include <pinhook/yaml/source.hpp>

#include <algorithm>
#include <utility>

namespace pinhook::pipeline {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;

void take_fields(const source_document& doc, std::string_view key, std::vector<image_field>& into) {
  const node_index list = doc.resolve(doc.find(doc.root, key));
  if (list == no_node || doc.at(list).kind != yaml::source_kind::sequence) return;
  for (node_index i = doc.at(list).first; i != no_node; i = doc.at(i).next) {
    const auto text = [&](std::string_view name) { return std::string(doc.text_of(doc.resolve(i), name)); };
    if (auto path = text("path"); !path.empty()) into.push_back({std::move(path), text("group"), text("kind")});
  }
}

std::string_view cut_first(std::string_view& path) {
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view out = path.substr(0, end);
  path.remove_prefix(std::min(end + 1, path.size()));
  return out;
}

// Items of lists are handled one by one, as are the objects of a List.
void skip_index(std::string_view& pointer) {
  std::string_view rest = pointer;
  if (is_index(cut_first(rest))) pointer = rest;
}

}  // namespace

std::vector<image_field> image_fields(std::string_view text) {
  std::vector<image_field> out;
  const auto read = yaml::read_source(text);
  if (!read) return out;
  for (const source_document& doc : read->documents) {
    take_fields(doc, "images", out);
    if (doc.text_of(doc.root, "kind") == "ImageTagTransformer") take_fields(doc, "fieldSpecs", out);
  }
  return out;
}

bool is_reached(const files::slot& image, const image_field& by) {
  if (image.form != files::slot_form::scalar || image.is_in_text) return false;
  if ((!by.kind.empty() && by.kind != image.kind) || (!by.group.empty() && by.group != image.group)) return false;
  std::string_view pointer = std::string_view(image.pointer).substr(std::min<std::size_t>(1, image.pointer.size()));
  if (pointer.starts_with("items/")) {
    pointer.remove_prefix(std::string_view("items/").size());
    skip_index(pointer);
  }
  for (std::string_view path = by.path; !path.empty();) {
    std::string_view part = cut_first(path);
    if (part.ends_with("[]")) part.remove_suffix(2);
    if (cut_first(pointer) != part) return false;
    skip_index(pointer);
  }
  return pointer.empty();
}

std::vector<files::kustomize_entry> transformer_entries(std::string_view text) {
  std::vector<files::kustomize_entry> out;
  const auto read = yaml::read_source(text);
  if (!read) return out;
  for (const source_document& doc : read->documents) {
    if (doc.text_of(doc.root, "kind") != "ImageTagTransformer") continue;
    const node_index entry = doc.resolve(doc.find(doc.root, "imageTag"));
    const auto text_of = [&](std::string_view name) { return std::string(doc.text_of(entry, name)); };
    if (text_of("name").empty()) continue;
    out.push_back({.name = text_of("name"),
                   .new_name = text_of("newName"),
                   .new_tag = text_of("newTag"),
                   .tag_suffix = text_of("tagSuffix"),
                   .digest = text_of("digest"),
                   .fault = std::string(transformer_fault)});
  }
  return out;
}

}  // namespace pinhook::pipeline
