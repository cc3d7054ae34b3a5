#include <pinhook/files/document_form.hpp>
#include <pinhook/files/foreign_tag.hpp>
#include <pinhook/files/found_image.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/files/rewrite_slot.hpp>
#include <pinhook/files/tag_comment.hpp>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::scalar_form;
using yaml::source_document;
using yaml::source_kind;

// "{{ … }}" as YAML reads it: a mapping as the first key of a mapping. Real files do not have that.
bool is_action(const source_document& doc, const yaml::source_node& n) {
  if (n.kind != source_kind::mapping || !n.is_flow || n.parent == no_node) return false;
  const yaml::source_node& up = doc.at(n.parent);
  return up.kind == source_kind::mapping && up.is_flow && up.span.begin + 1 == n.span.begin;
}

// The form of the document decides the search.
result<void> find_by_form(image_search& in, std::string_view path, const known_form* named) {
  const std::string_view own = in.text.substr(in.doc.span.begin, in.doc.span.size());
  const bool may_hold = holds_image_key(own, in.places);
  auto [form, row] = recognise(in.doc, path, named);
  if (in.places.values_files.contains(path) && (form == document_form::compose || form == document_form::other))
    form = document_form::values;
  switch (form) {
    case document_form::object: {
      const auto type = type_of(in.doc, in.doc.root);
      const bool may_have_fields = form_of_group(type->group) != nullptr || type->kind.ends_with("List");
      return may_hold || may_have_fields ? find_in_object(in, part_of(in.doc.root, {}), *type) : result<void>();
    }
    case document_form::kustomization:
      return find_in_kustomization(in, in.doc.root, {});
    case document_form::known:
      return find_in_known_form(in, *row);
    case document_form::values:
      return find_in_values(in, part_of(in.doc.root, "values"));
    case document_form::compose:
      return may_hold ? find_in_compose_file(in) : result<void>();
    case document_form::empty:
    case document_form::other:
      break;
  }
  return {};
}

// The offset of the image, or of its alias.
std::size_t offset_of(const image_search& in, const found_image& image) {
  const auto begin = [&](node_index i) { return in.doc.at(i).span.begin; };
  if (image.scalar != no_node) return begin(image.scalar);
  for (const node_index i : {image.tag, image.digest})
    if (!scalar_at(in.doc, i).empty()) return begin(i);
  return begin(image.name);
}

// Images that share their bytes stay in the order in which they were found. (libstdc++ 12's stable_sort uses functions
// that Clang 19 reports as deprecated.)
void sort_by_place(image_search& in) {
  std::vector<std::pair<std::size_t, std::size_t>> order;
  order.reserve(in.images.size());
  for (const found_image& image : in.images) order.emplace_back(offset_of(in, image), order.size());
  if (std::ranges::is_sorted(order)) return;
  std::ranges::sort(order);
  std::vector<found_image> sorted;
  sorted.reserve(order.size());
  for (const auto& [offset, index] : order) sorted.push_back(std::move(in.images[index]));
  in.images = std::move(sorted);
}

result<void> search(image_search& in, std::string_view path, const known_form* named) {
  if (auto ok = refuse_template(in); !ok) return ok;
  if (in.doc.root == no_node) return {};
  if (auto ok = find_by_form(in, path, named); !ok) return ok;
  for (const custom_paths& custom : in.places.paths)
    if (applies_to(custom, path))
      if (auto ok = find_by_path(in, custom); !ok) return ok;
  complete(in);
  return {};
}

// A digest without a tag, whose comment may have the tag.
struct lone_pin {
  node_index node = no_node;
  std::vector<found_image*> images;
};

// All lone pins in the order of the text; several slots may belong to one node.
std::vector<lone_pin> lone_pins(image_search& in) {
  std::vector<lone_pin> out;
  for (found_image& image : in.images) {
    if (image.slot.tag || !needs_comment(image)) continue;
    const node_index node = in.doc.resolve(commented_node(image));
    // The digest of a kustomization's entry may be in its name, where no comment is read.
    if (node == no_node) continue;
    // Nearly always they come in this order.
    const auto at =
        out.empty() || out.back().node < node ? out.end() : std::ranges::lower_bound(out, node, {}, &lone_pin::node);
    if (at == out.end() || at->node != node)
      out.insert(at, {node, {&image}});
    else
      at->images.push_back(&image);
  }
  return out;
}

bool is_block_node(const image_search& in, node_index i) {
  return in.doc.at(i).form == scalar_form::literal || in.doc.at(i).form == scalar_form::folded;
}

// True when both end on one line, for the purpose of comments.
bool nodes_share_line(const image_search& in, node_index a, node_index b) {
  if (is_block_node(in, a) || is_block_node(in, b)) return false;
  const std::size_t end = in.doc.at(a).span.end;
  return !in.text.substr(end, in.doc.at(b).span.begin - end).contains('\n');
}

// True when only brackets and commas are between the node and the end of the line's content.
bool ends_content(const image_search& in, node_index i, const line_end& line) {
  const std::size_t end = in.doc.at(i).span.end;
  return is_block_node(in, i) ||
         in.text.substr(end, line.chain_begin - end).find_first_not_of(" \t]},") == std::string_view::npos;
}

// Takes the tag from the comment that another pinning program wrote after the only image of the line.
void take_foreign_tag(const image_search& in, const lone_pin& pin, const line_end& line) {
  if (!ends_content(in, pin.node, line)) return;
  const std::string_view rest = in.text.substr(line.chain_begin, max_foreign_comment);
  auto found = read_foreign_tag(rest.substr(0, rest.find_first_of("\r\n")), *pin.images.front()->slot.ref);
  if (!found) return;
  const yaml::text_span span{line.chain_begin + found->span.begin, line.chain_begin + found->span.end};
  for (found_image* image : pin.images) {
    image->slot.tag = found->tag;
    image->foreign_comment = span;
  }
}

void take_tags_of_line(const image_search& in, std::span<lone_pin> pins, bool are_all) {
  const auto line = line_end_at(in.doc, in.text, pins.front().node);
  if (!line) return;
  std::vector<std::string_view> names;
  for (const lone_pin& one : pins) names.push_back(one.images.front()->slot.ref->written_name());
  const auto matched = match_chain(line->chain, names);
  for (std::size_t i = 0; i < pins.size(); ++i)
    if (matched[i])
      for (found_image* image : pins[i].images) image->slot.tag = line->chain[*matched[i]];
  if (pins.size() == 1 && are_all && !matched[0]) take_foreign_tag(in, pins[0], *line);
}

// The nodes of all images, both aliases and their targets, in the order of the text.
std::vector<node_index> places_of(const image_search& in) {
  std::vector<node_index> out;
  for (const found_image& image : in.images)
    for (const node_index i : {image.scalar, image.name, image.tag, image.digest})
      if (i != no_node) out.insert(out.end(), {i, in.doc.resolve(i)});
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

// True when the line of a lone pin has no part of another image. A kustomization's entry may have its own parts on it.
bool is_only_image(const image_search& in, const std::vector<node_index>& places, const lone_pin& pin) {
  const auto is_own = [&](node_index i) {
    return std::ranges::any_of(pin.images, [&](const found_image* image) {
      return i == in.doc.resolve(image->name) || i == in.doc.resolve(image->tag) || i == pin.node;
    });
  };
  const auto at = std::ranges::lower_bound(places, pin.node);
  if (at == places.end() || *at != pin.node) return false;
  for (auto next = std::next(at); next != places.end() && nodes_share_line(in, pin.node, *next); ++next)
    if (!is_own(*next)) return false;
  for (auto before = at; before != places.begin() && nodes_share_line(in, *std::prev(before), pin.node); --before)
    if (!is_own(*std::prev(before))) return false;
  return true;
}

}  // namespace

result<void> refuse_template(const image_search& in) {
  const std::string_view own = in.text.substr(in.doc.span.begin, in.doc.span.size());
  if (!own.contains("{{")) return {};
  for (const yaml::source_node& n : in.doc.nodes)
    if (is_action(in.doc, n)) return fail(not_rendered(in.doc.at(n.parent).line, in.doc.at(n.parent).column));
  return {};
}

void take_tags_from_comments(image_search& in) {
  std::vector<lone_pin> pins = lone_pins(in);
  if (pins.empty()) return;
  const std::vector<node_index> places = places_of(in);
  for (std::size_t begin = 0, end = 0; begin < pins.size(); begin = end) {
    for (end = begin + 1; end < pins.size() && nodes_share_line(in, pins[end - 1].node, pins[end].node);) ++end;
    const bool are_all = end == begin + 1 && is_only_image(in, places, pins[begin]);
    take_tags_of_line(in, std::span(pins).subspan(begin, end - begin), are_all);
  }
}

void complete(image_search& in) {
  sort_by_place(in);
  take_tags_from_comments(in);
  take_markers(in, in.marks);
}

result<std::vector<found_image>> find_images(yaml::source& from, std::string_view text, std::string_view path,
                                             const image_places& places) {
  std::vector<found_image> out;
  std::vector<source_document> trees;
  const marked_text marks(text);
  const known_form* named = form_of_file(path);
  for (std::size_t i = 0; i < from.documents.size(); ++i) {
    const source_document& doc = from.documents[i];
    std::deque<inner_text> inner;
    image_search in{.doc = doc,
                    .text = text,
                    .document = i,
                    .places = places,
                    .marks = marks,
                    .inner = inner,
                    .budget = allowed_for(doc),
                    .images = {}};
    if (auto ok = search(in, path, named); !ok) return fail(std::move(ok.error()));
    for (found_image& one : in.images) one.tree = i;
    if (out.empty())
      out = std::move(in.images);
    else
      std::ranges::move(in.images, std::back_inserter(out));
    for (inner_text& one : inner) {
      for (std::size_t tree = 0; tree < one.images.size(); ++tree) {
        if (one.images[tree].empty()) continue;
        for (found_image& image : one.images[tree]) {
          image.tree = from.documents.size() + trees.size();
          image.slot.is_in_text = true;
        }
        std::ranges::move(one.images[tree], std::back_inserter(out));
        trees.push_back(std::move(one.from.documents[tree]));
      }
      from.inner.push_back(std::move(one.from.owned));
    }
  }
  std::ranges::move(trees, std::back_inserter(from.documents));
  return out;
}

bool may_hold_images(std::string_view text, std::string_view path, const image_places& places) {
  if (holds_image_key(text, places) || may_be_known_form(text, path)) return true;
  // Most custom paths name a file or two, so that parsing these costs little.
  return std::ranges::any_of(places.paths, [&](const custom_paths& custom) { return applies_to(custom, path); });
}

}  // namespace pinhook::files
