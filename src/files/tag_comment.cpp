#include <pinhook/files/tag_comment.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/base/utf8.hpp>
#include <pinhook/files/comment_markers.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::scalar_form;
using yaml::source_document;
using yaml::source_kind;

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

std::size_t word_end(std::string_view text, std::size_t at) {
  while (at < text.size() && !is_blank(text[at]) && !is_break(text[at])) ++at;
  return at;
}

bool ends_line(std::string_view text, std::size_t at) { return at >= text.size() || is_break(text[at]); }

// A '#' opens a comment at the start of a line or after white space (YAML 1.2.2, 6.6).
bool opens_comment(std::string_view text, std::size_t at) {
  return text[at] == '#' && (at == 0 || is_blank(text[at - 1]) || is_break(text[at - 1]));
}

// The end of the line's content. It begins at `from`, which no scalar before `next` contains. None when a scalar
// continues on the next line.
std::optional<std::size_t> content_end(const source_document& doc, std::string_view text, std::size_t from,
                                       node_index next) {
  std::size_t end = from;
  for (std::size_t at = from; !ends_line(text, at);) {
    while (next < doc.nodes.size() &&
           (doc.nodes[next].span.begin < at || doc.nodes[next].kind == source_kind::mapping ||
            doc.nodes[next].kind == source_kind::sequence))
      ++next;
    if (next < doc.nodes.size() && doc.nodes[next].span.begin == at && doc.nodes[next].span.size() > 0) {
      const yaml::text_span span = doc.nodes[next].span;
      const std::string_view content = text.substr(span.begin, span.size());
      if (std::ranges::any_of(content, is_break)) return std::nullopt;
      at = end = span.end;
      ++next;
      continue;
    }
    if (opens_comment(text, at)) break;
    if (!is_blank(text[at])) end = at + 1;
    ++at;
  }
  return end;
}

// The end of the "|" or ">" of a block scalar with its indicators. Between it and the node before are only the marks of
// the collection, properties, comments and white space.
std::size_t header_end(const source_document& doc, std::string_view text, node_index scalar) {
  std::size_t at = doc.span.begin;
  if (scalar > 0) {
    const yaml::source_node& before = doc.nodes[scalar - 1];
    at = doc.nodes[scalar].parent == scalar - 1 ? before.span.begin : before.span.end;
  }
  const std::size_t limit = doc.nodes[scalar].span.begin;
  while (at < limit) {
    if (is_blank(text[at]) || is_break(text[at])) {
      ++at;
    } else if (opens_comment(text, at)) {
      while (!ends_line(text, at)) ++at;
    } else {
      const std::size_t end = word_end(text, at);
      if (text[at] == '|' || text[at] == '>') return end;
      at = end;
    }
  }
  return limit;
}

bool is_double_quoted(const source_document& doc, node_index i) {
  return i != no_node && doc.nodes[i].form == scalar_form::double_quoted;
}

// True when the document is JSON as far as the path from its root to `scalar` shows: only brackets and double quotes,
// and no text before them. Reading the whole document each time would be slow for many images in one file.
bool looks_like_json(const source_document& doc, std::string_view text, node_index scalar) {
  if (!doc.has_comments) return true;
  if (!is_double_quoted(doc, scalar)) return false;
  const std::string_view head = text.substr(doc.span.begin, doc.nodes[doc.root].span.begin - doc.span.begin);
  const std::string_view blank = head.starts_with(byte_order_mark) ? head.substr(byte_order_mark.size()) : head;
  if (!std::ranges::all_of(blank, [](char c) { return is_blank(c) || is_break(c); })) return false;
  for (node_index up = doc.nodes[scalar].parent; up != no_node; up = doc.nodes[up].parent) {
    const yaml::source_node& collection = doc.nodes[up];
    if (!collection.is_flow) return false;
    if (collection.kind == source_kind::mapping && !is_double_quoted(doc, collection.first)) return false;
  }
  return doc.root != scalar;
}

void read_chain(std::string_view text, line_end& line) {
  for (std::size_t at = line.chain_begin;;) {
    const std::size_t sign = skip_blanks(text, at);
    if (sign == at || ends_line(text, sign) || text[sign] != '#') return;
    const std::size_t word = skip_blanks(text, sign + 1);
    const std::size_t end = word_end(text, word);
    if (word == sign + 1 || end == word || end - word > registry::max_reference_size) return;
    if (has_exclusive_marker(text.substr(sign, end - sign))) return;
    const std::size_t behind = skip_blanks(text, end);
    if (!ends_line(text, behind) && text[behind] != '#') return;
    auto ref = registry::reference::parse(text.substr(word, end - word));
    if (!ref || ref->is_pinned()) return;
    line.chain.push_back(*std::move(ref));
    line.spans.push_back({at, end});
    at = line.chain_end = end;
  }
}

}  // namespace

std::optional<line_end> line_end_at(const source_document& doc, std::string_view text, node_index scalar) {
  if (scalar >= doc.nodes.size() || !doc.has_comments) return std::nullopt;
  const yaml::source_node& node = doc.nodes[scalar];
  const bool is_block = node.form == scalar_form::literal || node.form == scalar_form::folded;
  const std::size_t from = is_block ? header_end(doc, text, scalar) : node.span.end;
  const auto end = content_end(doc, text, from, is_block ? scalar : scalar + 1);
  if (!end) return std::nullopt;
  line_end line;
  line.chain_begin = line.chain_end = *end;
  const std::size_t behind = skip_blanks(text, *end);
  const bool has_comment = !ends_line(text, behind);
  if (!has_comment && looks_like_json(doc, text, scalar)) return std::nullopt;
  read_chain(text, line);
  return line;
}

bool is_in_json(const source_document& doc, std::string_view text, node_index scalar) {
  return looks_like_json(doc, text, scalar);
}

std::size_t sign_behind(const line_end& line, std::string_view text) { return skip_blanks(text, line.chain_end); }

std::string chain_text(const std::vector<std::string>& references) {
  std::string out;
  for (const std::string& one : references) out += fmt::format(" # {}", one);
  return out;
}

std::vector<std::optional<std::size_t>> match_chain(const std::vector<registry::reference>& chain,
                                                    const std::vector<std::string_view>& pins) {
  std::vector<std::optional<std::size_t>> found(pins.size());
  std::vector<bool> is_taken(chain.size(), false);
  for (std::size_t pin = 0; pin < pins.size(); ++pin) {
    for (std::size_t i = 0; i < chain.size(); ++i) {
      if (is_taken[i] || chain[i].written_name() != pins[pin]) continue;
      is_taken[i] = true;
      found[pin] = i;
      break;
    }
  }
  return found;
}

}  // namespace pinhook::files
