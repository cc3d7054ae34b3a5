#include <pinhook/files/finding.hpp>
#include <pinhook/files/found_image.hpp>
#include <pinhook/files/rewrite_site.hpp>
#include <pinhook/files/tag_comment.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <span>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::scalar_form;
using yaml::source_document;
using yaml::source_kind;

constexpr std::array<std::string_view, 3> kustomization_names{"kustomization.yaml", "kustomization.yml",
                                                              "Kustomization"};

bool is_kustomization_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return std::ranges::find(kustomization_names, name) != kustomization_names.end();
}

// "{{ … }}" as YAML takes it: a mapping as the first thing in a mapping or list. Nobody writes that.
bool is_action(const source_document& doc, const yaml::source_node& n) {
  if (n.kind != source_kind::mapping || !n.is_flow || n.parent == no_node) return false;
  const yaml::source_node& up = doc.at(n.parent);
  return up.kind == source_kind::mapping && up.is_flow && up.span.begin + 1 == n.span.begin;
}

result<void> refuse_template(const finding& f) {
  const std::string_view own = f.text.substr(f.doc.span.begin, f.doc.span.size());
  if (!own.contains("{{")) return {};
  for (const yaml::source_node& n : f.doc.nodes)
    if (is_action(f.doc, n)) return fail(not_rendered(f.doc.at(n.parent).line, f.doc.at(n.parent).column));
  return {};
}

// What kustomize takes in a file of that name: it fills in a kind that is missing, or an apiVersion.
bool may_be_kustomization(const source_document& doc) {
  const node_index kind = doc.find(doc.root, "kind");
  const std::string_view text = doc.text_of(doc.root, "kind");
  return kind == no_node || text.empty() || text == "Kustomization" || text == "Component";
}

// What the document is decides who looks for images in it.
result<void> find_by_kind(finding& f, std::string_view path) {
  const std::string_view own = f.text.substr(f.doc.span.begin, f.doc.span.size());
  const bool may_hold = holds_key(own, f.rules.kinds.keys());
  if (const auto type = type_of(f.doc, f.doc.root))
    return may_hold ? find_in_object(f, f.doc.root, *type) : result<void>();
  if (is_kustomization_name(path) && may_be_kustomization(f.doc)) return find_in_kustomization(f, f.doc.root, {});
  // By its name first: charts have values called `services`, too.
  if (is_values_file(path)) return find_in_values(f);
  return may_hold && is_compose_file(f.doc) ? find_in_compose_file(f) : result<void>();
}

// Where the image is written, or what stands for it.
std::size_t offset_of(const finding& f, const found_image& image) {
  const auto begin = [&](node_index i) { return f.doc.at(i).span.begin; };
  if (image.scalar != no_node) return begin(image.scalar);
  for (const node_index i : {image.tag, image.digest})
    if (!scalar_at(f.doc, i).empty()) return begin(i);
  return begin(image.name);
}

// Those that share their bytes stay in the order they were found in. (libstdc++ 12's stable_sort stands on what Clang
// 19 calls deprecated.)
void sort_by_place(finding& f) {
  std::vector<std::pair<std::size_t, std::size_t>> order;
  order.reserve(f.images.size());
  for (const found_image& image : f.images) order.emplace_back(offset_of(f, image), order.size());
  if (std::ranges::is_sorted(order)) return;
  std::ranges::sort(order);
  std::vector<found_image> sorted;
  sorted.reserve(order.size());
  for (const auto& [offset, index] : order) sorted.push_back(std::move(f.images[index]));
  f.images = std::move(sorted);
}

result<void> search(finding& f, std::string_view path) {
  if (auto ok = refuse_template(f); !ok) return ok;
  if (f.doc.root == no_node) return {};
  if (auto ok = find_by_kind(f, path); !ok) return ok;
  for (const path_rule& rule : f.rules.paths)
    if (applies_to(rule, path))
      if (auto ok = find_by_rule(f, rule); !ok) return ok;
  sort_by_place(f);
  take_tags_from_comments(f);
  return {};
}

// A digest that stands alone, and whose comment may know the tag.
struct lone_pin {
  node_index node = no_node;
  std::vector<found_image*> images;
};

// In the order of the text; several sites may stand for one node.
std::vector<lone_pin> lone_pins(finding& f) {
  std::map<node_index, lone_pin> by_node;
  for (found_image& image : f.images) {
    if (image.what.tag || !needs_comment(image)) continue;
    const node_index node = f.doc.resolve(commented_node(image));
    // The digest of a kustomization's entry may stand in its name: no comment there is read.
    if (node == no_node) continue;
    lone_pin& one = by_node[node];
    one.node = node;
    one.images.push_back(&image);
  }
  std::vector<lone_pin> out;
  for (auto& [node, one] : by_node) out.push_back(std::move(one));
  return out;
}

bool is_block(const finding& f, node_index i) {
  return f.doc.at(i).form == scalar_form::literal || f.doc.at(i).form == scalar_form::folded;
}

// Whether the two end on one line, as far as comments go.
bool share_line(const finding& f, node_index a, node_index b) {
  if (is_block(f, a) || is_block(f, b)) return false;
  const std::size_t end = f.doc.at(a).span.end;
  return !f.text.substr(end, f.doc.at(b).span.begin - end).contains('\n');
}

void take_tags_of_line(const finding& f, std::span<lone_pin> pins) {
  const auto line = line_end_at(f.doc, f.text, pins.front().node);
  if (!line || line->chain.empty()) return;
  std::vector<std::string_view> names;
  for (const lone_pin& one : pins) names.push_back(one.images.front()->what.ref->written_name());
  const auto matched = match_chain(line->chain, names);
  for (std::size_t i = 0; i < pins.size(); ++i)
    if (matched[i])
      for (found_image* image : pins[i].images) image->what.tag = line->chain[*matched[i]];
}

}  // namespace

void take_tags_from_comments(finding& f) {
  std::vector<lone_pin> pins = lone_pins(f);
  for (std::size_t begin = 0, end = 0; begin < pins.size(); begin = end) {
    for (end = begin + 1; end < pins.size() && share_line(f, pins[end - 1].node, pins[end].node);) ++end;
    take_tags_of_line(f, std::span(pins).subspan(begin, end - begin));
  }
}

result<std::vector<found_image>> find_images(const yaml::source& from, std::string_view text, std::string_view path,
                                             const file_rules& rules) {
  std::vector<found_image> out;
  for (std::size_t i = 0; i < from.documents.size(); ++i) {
    const source_document& doc = from.documents[i];
    finding f{.doc = doc, .text = text, .document = i, .rules = rules, .budget = allowed_for(doc), .images = {}};
    if (auto ok = search(f, path); !ok) return fail(std::move(ok.error()));
    std::ranges::move(f.images, std::back_inserter(out));
  }
  return out;
}

bool may_hold_images(std::string_view text, std::string_view path, const file_rules& rules) {
  if (holds_key(text, rules.kinds.keys())) return true;
  if (is_values_file(path) && text.contains("repository")) return true;
  // Most rules name a file or two, which are worth a closer look.
  return std::ranges::any_of(rules.paths, [&](const path_rule& rule) { return applies_to(rule, path); });
}

}  // namespace pinhook::files
