#include <pinhook/pipeline/image_cuts.hpp>

#include <pinhook/base/json_pointer.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/yaml/each_item.hpp>

#include <algorithm>
#include <utility>

namespace pinhook::pipeline {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

// Parts between delimiters, as they are written or taken.
bool has_delimiter(const source_document& doc, node_index of) {
  return !doc.text_of(doc.resolve(doc.find(of, "options")), "delimiter").empty();
}

void take_cut(const source_document& doc, node_index object, std::string_view field, std::vector<image_cut>& into,
              bool is_whole = false) {
  into.push_back({std::string(doc.text_of(object, "kind")), std::string(doc.text_of(object, "name")),
                  std::string(field), is_whole});
}

void take_replacement(const source_document& doc, node_index one, std::vector<image_cut>& into) {
  const node_index source = doc.resolve(doc.find(one, "source"));
  if (has_delimiter(doc, source)) take_cut(doc, source, doc.text_of(source, "fieldPath"), into);
  yaml::for_each_item(doc, doc.find(one, "targets"), [&](node_index target) {
    const bool is_whole = !has_delimiter(doc, target);
    yaml::for_each_item(doc, doc.find(target, "fieldPaths"), [&](node_index field) {
      take_cut(doc, doc.resolve(doc.find(target, "select")), doc.at(field).text, into, is_whole);
    });
  });
}

// The last part of the text, behind the sign.
std::string_view cut_last(std::string_view& text, char sign) {
  const std::size_t at = text.rfind(sign);
  const std::string_view out = text.substr(at == std::string_view::npos ? 0 : at + 1);
  text = text.substr(0, at == std::string_view::npos ? 0 : at);
  return out;
}

// The part before the field: an index, "*", or "[name=web]", which may hold dots.
std::string_view cut_item(std::string_view& field) {
  if (!field.ends_with(']')) return cut_last(field, '.');
  const std::size_t at = std::min(field.rfind('['), field.size());
  const std::string_view out = field.substr(at);
  field = field.substr(0, at == 0 ? 0 : at - 1);
  return out;
}

}  // namespace

std::vector<image_cut> image_cuts(std::string_view text) {
  std::vector<image_cut> out;
  if (!text.contains("fieldPath")) return out;
  const auto read = yaml::read_source(text);
  if (!read) return out;
  for (const source_document& doc : read->documents) {
    const auto take = [&](node_index one) { take_replacement(doc, one, out); };
    const node_index root = doc.resolve(doc.root);
    if (doc.at(root).kind == source_kind::sequence)
      yaml::for_each_item(doc, root, take);
    else if (doc.find(root, "replacements") != no_node)
      yaml::for_each_item(doc, doc.find(root, "replacements"), take);
    else
      take(root);
  }
  return out;
}

std::vector<std::string> replacement_files(std::string_view text) {
  std::vector<std::string> out;
  if (!text.contains("replacements")) return out;
  const auto read = yaml::read_source(text);
  if (!read) return out;
  for (const source_document& doc : read->documents)
    yaml::for_each_item(doc, doc.find(doc.root, "replacements"), [&](node_index one) {
      if (const auto path = doc.text_of(one, "path"); !path.empty()) out.emplace_back(path);
    });
  return out;
}

bool is_cut(const files::slot& image, const image_cut& by) {
  if (by.is_whole || image.form != files::slot_form::scalar) return false;
  // A JSON patch, also one in a kustomization, does not say which object it changes.
  if (image.kind.empty() || image.kind == "Kustomization" || image.kind == "Component")
    return by.field.ends_with("image");
  if (!by.kind.empty() && by.kind != image.kind) return false;
  const std::string_view object = std::string_view(image.object).substr(image.object.find_last_of(" /") + 1);
  if (!by.name.empty() && !by.name.contains(object)) return false;
  std::string_view pointer = image.pointer;
  std::string_view field = by.field;
  if (cut_last(pointer, '/') != cut_last(field, '.')) return false;
  const std::string_view at = cut_last(pointer, '/');
  if (!is_index(at)) return at == cut_last(field, '.');
  const std::string_view item = cut_item(field);
  if (cut_last(pointer, '/') != cut_last(field, '.')) return false;
  if (is_index(item)) return item == at;
  // By another member, "[image=web]": it may be this one.
  return !item.starts_with("[name=") || item == "[name=" + image.name + "]";
}

}  // namespace pinhook::pipeline
