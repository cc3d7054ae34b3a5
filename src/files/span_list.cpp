#include <pinhook/files/span_list.hpp>

#include <pinhook/base/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace pinhook::files {
yaml::source list_of_spans(std::string_view text, std::span<const yaml::text_span> spans) {
  yaml::source out;
  yaml::source_document& doc = out.documents.emplace_back();
  doc.has_comments = false;
  doc.span = {0, text.size()};
  doc.root = 0;
  yaml::source_node& root = doc.nodes.emplace_back();
  root.kind = yaml::source_kind::sequence;
  root.span = doc.span;
  const std::size_t start = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  std::uint32_t number = 1;
  std::size_t line_begin = start;
  std::size_t at = start;
  for (const yaml::text_span& one : spans) {
    for (; at < one.begin; ++at) {
      if (text[at] != '\n') continue;
      ++number;
      line_begin = at + 1;
    }
    const auto index = static_cast<yaml::node_index>(doc.nodes.size());
    if (index == 1)
      doc.nodes[0].first = index;
    else
      doc.nodes.back().next = index;
    yaml::source_node node;
    node.form = yaml::scalar_form::plain;
    // Never a number or a boolean, so that it needs no quotes.
    node.has_tag = true;
    node.span = one;
    node.text = text.substr(one.begin, one.size());
    node.parent = 0;
    node.line = number;
    const auto before = text.substr(line_begin, one.begin - line_begin);
    node.column = 1 + static_cast<std::uint32_t>(std::ranges::count_if(
                          before, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
    doc.nodes.push_back(node);
  }
  return out;
}

}  // namespace pinhook::files
