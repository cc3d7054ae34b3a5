#include <pinhook/files/node_access.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::files {
namespace {

constexpr std::string_view merge_key = "<<";

// True for plain text that is neither null, true, false nor a number: it begins with another letter, or a slash.
bool is_surely_string(std::string_view text) {
  const char c = text.empty() ? '\0' : text.front();
  return c == '/' || (is_letter(c) && !std::string_view("tTfFnN").contains(c));
}

}  // namespace

using yaml::no_node;
using yaml::node_index;
using yaml::scalar_form;
using yaml::source_document;
using yaml::source_kind;

std::unexpected<error> refuse_at(const yaml::source_node& node, std::string_view message) {
  return fail(error_code::malformed, fmt::format("line {}, column {}: {}", node.line, node.column, message));
}

result<member> member_of(const source_document& doc, node_index mapping, std::string_view key) {
  member out;
  const node_index found = doc.find(mapping, key);
  if (found == no_node) return out;
  for (node_index k = doc.at(doc.at(found).parent).first; k != no_node; k = doc.at(doc.at(k).next).next) {
    const yaml::source_node& at = doc.at(doc.resolve(k));
    if (at.kind != source_kind::scalar || at.text != key) continue;
    if (out.key != no_node) return refuse_at(doc.at(k), fmt::format("duplicate key {}", quoted(key)));
    out = {k, doc.at(k).next};
  }
  return out;
}

const key_index::large_mapping& key_index::of(const source_document& doc, node_index mapping) {
  const auto [at, is_new] = large_.try_emplace(mapping);
  large_mapping& out = at->second;
  if (!is_new) return out;
  for (node_index k = doc.at(mapping).first; k != no_node; k = doc.at(doc.at(k).next).next) {
    const yaml::source_node& key = doc.at(doc.resolve(k));
    if (key.kind == source_kind::scalar) out.keys.push_back(k);
    out.has_merge = out.has_merge || key.text == merge_key;
  }
  // Nodes come in the order of the text. (libstdc++ 12's stable_sort uses a function that Clang reports as deprecated.)
  std::ranges::sort(out.keys, {}, [&](node_index k) { return std::pair(doc.at(doc.resolve(k)).text, k); });
  return out;
}

node_index key_index::find(const source_document& doc, node_index mapping, std::string_view key) {
  mapping = doc.resolve(mapping);
  if (doc.at(mapping).kind != source_kind::mapping || (doc.at(mapping).keys & key_bit(key)) == 0) return no_node;
  bool has_merge = false;
  std::size_t count = 0;
  node_index k = doc.at(mapping).first;
  for (; k != no_node && count < few; k = doc.at(doc.at(k).next).next, ++count) {
    const yaml::source_node& at = doc.at(doc.resolve(k));
    if (at.kind == source_kind::scalar && at.text == key) return doc.at(k).next;
    has_merge = has_merge || at.text == merge_key;
  }
  if (k != no_node) {
    const large_mapping& all = of(doc, mapping);
    const auto text_of = [&](node_index one) { return doc.at(doc.resolve(one)).text; };
    const auto found = std::ranges::equal_range(all.keys, key, {}, text_of);
    if (!found.empty()) return doc.at(found.front()).next;
    has_merge = all.has_merge;
  }
  return has_merge ? doc.find(mapping, key) : no_node;
}

result<member> key_index::member_of(const source_document& doc, node_index mapping, std::string_view key) {
  const node_index found = find(doc, mapping, key);
  if (found == no_node) return member();
  const auto at = large_.find(doc.at(found).parent);
  if (at == large_.end()) return files::member_of(doc, mapping, key);
  const auto text_of = [&](node_index one) { return doc.at(doc.resolve(one)).text; };
  const auto keys = std::ranges::equal_range(at->second.keys, key, {}, text_of);
  if (keys.size() > 1) return refuse_at(doc.at(keys[1]), fmt::format("duplicate key {}", quoted(key)));
  return member{keys.front(), found};
}

std::optional<std::string_view> string_at(const source_document& doc, node_index i) {
  i = doc.resolve(i);
  if (i == no_node || doc.at(i).kind != source_kind::scalar || doc.is_null(i)) return std::nullopt;
  const yaml::source_node& n = doc.at(i);
  // Plain text may be a number or a boolean; to_json has the rule.
  if (n.form == scalar_form::plain && !n.has_tag && !is_surely_string(n.text)) {
    const auto json = yaml::to_json(doc, i);
    if (!json || !json->starts_with('"')) return std::nullopt;
  }
  return n.text;
}

std::string_view scalar_at(const source_document& doc, node_index i) {
  i = doc.resolve(i);
  if (i == no_node || doc.at(i).kind != source_kind::scalar || doc.is_null(i)) return {};
  return doc.at(i).text;
}

}  // namespace pinhook::files
