// Two readings of one YAML text, node by node.
#pragma once

#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace pinhook::testing {
/// The node with all that it has, for messages.
inline std::string shown_node(const yaml::source_node& n) {
  return fmt::format(
      "kind {} form {} flow {} tag {} anchor {} bytes {}-{} text \"{}\" target {} first {} next {} parent {} at {}:{}",
      static_cast<int>(n.kind), static_cast<int>(n.form), n.is_flow, n.has_tag, n.has_anchor, n.span.begin, n.span.end,
      n.text, n.target, n.first, n.next, n.parent, n.line, n.column);
}

/// The first difference; empty: they are the same, and their texts are the same bytes.
inline std::string difference_of(const yaml::source& a, const yaml::source& b) {
  if (a.documents.size() != b.documents.size())
    return fmt::format("{} documents, {} documents", a.documents.size(), b.documents.size());
  for (std::size_t d = 0; d < a.documents.size(); ++d) {
    const yaml::source_document& left = a.documents[d];
    const yaml::source_document& right = b.documents[d];
    if (left.root != right.root || left.span != right.span || left.has_comments != right.has_comments)
      return fmt::format("document {}: root {} bytes {}-{}, root {} bytes {}-{}", d, left.root, left.span.begin,
                         left.span.end, right.root, right.span.begin, right.span.end);
    for (std::size_t i = 0; i < std::min(left.nodes.size(), right.nodes.size()); ++i)
      if (const std::string l = shown_node(left.nodes[i]), r = shown_node(right.nodes[i]); l != r)
        return fmt::format("document {}, node {}:\n  {}\n  {}", d, i, l, r);
    if (left.nodes.size() != right.nodes.size())
      return fmt::format("document {}: {} nodes, {} nodes", d, left.nodes.size(), right.nodes.size());
  }
  return {};
}

/// What a node says of its keys or its text and is not so; empty: all is.
inline std::string false_promise_of(const yaml::source& from) {
  for (const yaml::source_document& doc : from.documents)
    for (const yaml::source_node& n : doc.nodes) {
      if (n.is_word && (n.text.find_first_of("/\n") != std::string_view::npos || n.text.starts_with('{')))
        return fmt::format("\"{}\" is no word", n.text);
      if (n.kind != yaml::source_kind::mapping || n.keys == all_keys) continue;
      for (yaml::node_index k = n.first; k != yaml::no_node; k = doc.at(doc.at(k).next).next)
        if (doc.at(k).kind != yaml::source_kind::scalar || (n.keys & key_bit(doc.at(k).text)) == 0 ||
            doc.at(k).text == "<<")
          return fmt::format("\"{}\" is not among the keys", doc.at(k).text);
    }
  return {};
}

}  // namespace pinhook::testing
