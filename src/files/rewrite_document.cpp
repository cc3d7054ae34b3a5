#include <pinhook/files/rewrite_document.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;
using yaml::source_node;

yaml::edit value_edit(const source_node& n, std::string_view text, const node_value& value) {
  yaml::text_span span = n.span;
  std::string bytes = rewritten_scalar(n, text, value.value, value.rule);
  // "key: old" becomes "key:", and "key: &a old" "key: &a", as it was where a blank was added with the value.
  const bool ends = span.end == text.size() || is_blank(text[span.end]) || is_break(text[span.end]);
  if (bytes.empty() && ends && span.begin > 1 && text[span.begin - 1] == ' ' && !is_blank(text[span.begin - 2]))
    --span.begin;
  return {span, std::move(bytes)};
}

// The text that replaces an alias whose anchor's scalar changes, so that it keeps its value.
std::string kept_text(const source_node& anchored, std::string_view text) {
  const std::string_view raw = text.substr(anchored.span.begin, anchored.span.size());
  const bool is_block = anchored.form == yaml::scalar_form::literal || anchored.form == yaml::scalar_form::folded;
  if (!is_block && !raw.empty() && std::ranges::none_of(raw, is_break)) return std::string(raw);
  std::string out;
  json::append_string(out, anchored.text);
  return out;
}

std::set<node_index> nodes_of(std::span<const found_image> all) {
  std::set<node_index> out;
  for (const found_image& one : all)
    for (const node_index i : {one.scalar, one.registry, one.name, one.tag, one.digest})
      if (i != no_node) out.insert(i);
  return out;
}

std::map<node_index, std::vector<node_index>> aliases_of(const source_document& doc, const value_map& values) {
  std::map<node_index, std::vector<node_index>> out;
  for (const auto& [node, value] : values)
    if (const node_index target = doc.resolve(node); doc.at(target).has_anchor) out[target];
  if (out.empty()) return out;
  for (node_index i = 0; i < doc.nodes.size(); ++i) {
    if (doc.at(i).kind != source_kind::alias) continue;
    if (const auto found = out.find(doc.at(i).target); found != out.end()) found->second.push_back(i);
  }
  return out;
}

// The key of the root's member that holds the node, or that it is.
std::string_view top_key(const source_document& doc, node_index i) {
  while (doc.at(i).parent != no_node && doc.at(i).parent != doc.root) i = doc.at(i).parent;
  if (i == doc.root || doc.at(doc.root).kind != source_kind::mapping) return {};
  for (node_index k = doc.at(doc.root).first; k != no_node; k = doc.at(doc.at(k).next).next)
    if (doc.at(k).next == i) return doc.at(doc.resolve(k)).text;
  return {};
}

// True for a place that is there for its aliases alone: under keys that programs leave to authors ("x-web" in Compose
// files, ".web" in GitLab's), and a whole image beside the root's other members. Others read a text too, as that of a
// label, a host, a version.
bool is_for_aliases(const source_document& doc, node_index i) {
  const std::string_view key = top_key(doc, i);
  if (key.starts_with("x-") || key.starts_with('.')) return true;
  return doc.at(i).parent == doc.root && doc.at(i).text.find_first_of("/:") != std::string::npos;
}

// The edits of one anchored scalar and its aliases.
void edit_anchor(const source_document& doc, std::string_view text, const value_map& values,
                 const std::set<node_index>& in_use, node_index target, const std::vector<node_index>& aliases,
                 value_edits& out) {
  const auto own = values.find(target);
  const node_value* first = own == values.end() ? nullptr : &own->second;
  bool is_whole = first != nullptr || (!in_use.contains(target) && is_for_aliases(doc, target));
  for (const node_index alias : aliases) {
    const auto found = values.find(alias);
    if (found == values.end() || (first != nullptr && found->second.value != first->value))
      is_whole = false;
    else if (first == nullptr)
      first = &found->second;
  }
  if (is_whole) {
    out.edits.push_back(value_edit(doc.at(target), text, *first));
    return;
  }
  if (own != values.end()) out.edits.push_back(value_edit(doc.at(target), text, own->second));
  for (const node_index alias : aliases) {
    if (const auto found = values.find(alias); found != values.end()) {
      out.edits.push_back(value_edit(doc.at(alias), text, found->second));
      out.replaced.insert(alias);
    } else if (own != values.end()) {
      out.edits.push_back({doc.at(alias).span, kept_text(doc.at(target), text)});
      out.kept.insert(alias);
    }
  }
}

}  // namespace

value_edits edit_values(const source_document& doc, std::string_view text, const value_map& values,
                        const std::set<node_index>& in_use) {
  value_edits out;
  const auto anchors = aliases_of(doc, values);
  for (const auto& [node, value] : values)
    if (!anchors.contains(doc.resolve(node))) out.edits.push_back(value_edit(doc.at(node), text, value));
  for (const auto& [target, aliases] : anchors) edit_anchor(doc, text, values, in_use, target, aliases, out);
  return out;
}

result<std::vector<yaml::edit>> document_edits(const source_document& doc, std::string_view text,
                                               std::span<const found_image> all, std::vector<planned_change>& changes) {
  value_map values;
  std::vector<yaml::edit> beside;
  for (const planned_change& one : changes) {
    if (one.plan.value) {
      const auto [at, is_new] = values.emplace(one.plan.value->node, *one.plan.value);
      if (!is_new && at->second.value != one.plan.value->value)
        return fail(error_code::invalid_input,
                    fmt::format("line {}: {} shares bytes with an image that gets another digest, through a merge key "
                                "or an alias; write what differs in each",
                                one.image->slot.line, quoted_name(one.image->slot.written)));
    }
    // Entries reached through aliases and merge keys share their bytes, and their edits.
    for (const yaml::edit& e : one.plan.edits)
      if (std::ranges::find(beside, e) == beside.end()) beside.push_back(e);
  }
  value_edits edited = edit_values(doc, text, values, nodes_of(all));
  // Comments come before lines that are added at the same place.
  std::vector<yaml::edit> out = edit_comments(doc, text, all, changes, edited);
  std::ranges::move(edited.edits, std::back_inserter(out));
  std::ranges::move(beside, std::back_inserter(out));
  return out;
}

}  // namespace pinhook::files
