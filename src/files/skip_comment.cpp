#include <pinhook/files/skip_comment.hpp>

#include <pinhook/base/text.hpp>

#include <algorithm>
#include <cstddef>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;
using yaml::text_span;

constexpr std::string_view words = "pinhook:";
constexpr std::string_view order = "skip";

text_span line_around(std::string_view text, std::size_t at) {
  const std::size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return {before == std::string_view::npos ? 0 : before + 1, std::min(text.find('\n', at), text.size())};
}

std::size_t content_from(std::string_view text, std::size_t at, std::size_t end) {
  while (at < end && is_blank(text[at])) ++at;
  return at;
}

// The begin of the comment whose first word is at `at`; npos when there is no sign before it.
std::size_t sign_before(std::string_view text, const text_span& line, std::size_t at, std::string_view sign) {
  while (at > line.begin && is_blank(text[at - 1])) --at;
  if (at < line.begin + sign.size() || text.substr(at - sign.size(), sign.size()) != sign)
    return std::string_view::npos;
  at -= sign.size();
  return at == line.begin || is_blank(text[at - 1]) ? at : std::string_view::npos;
}

bool is_skip(std::string_view text, std::size_t at, std::size_t end) {
  at = content_from(text, at + words.size(), end);
  if (!text.substr(at, end - at).starts_with(order)) return false;
  at += order.size();
  return at == end || is_space(text[at]);
}

// The next line that has more than a comment; an empty span when there is none.
text_span next_content(std::string_view text, text_span line, std::string_view sign) {
  while (line.end < text.size()) {
    line = line_around(text, line.end + 1);
    const std::size_t content = content_from(text, line.begin, line.end);
    const std::string_view rest = trimmed(text.substr(content, line.end - content));
    if (!rest.empty() && !rest.starts_with(sign)) return line;
  }
  return {text.size(), text.size()};
}

// True when a line holds the begin of the node, or of its key.
bool is_on(const std::vector<text_span>& lines, const source_document& doc, node_index i) {
  const auto holds = [&](std::size_t at) {
    const auto behind = std::ranges::upper_bound(lines, at, {}, &text_span::begin);
    return behind != lines.begin() && at < std::prev(behind)->end;
  };
  if (i == no_node) return false;
  const yaml::source_node& node = doc.at(i);
  if (holds(node.span.begin)) return true;
  // The value of a key follows its key.
  const bool has_key =
      i > 0 && node.parent != no_node && doc.at(node.parent).kind == source_kind::mapping && doc.at(i - 1).next == i;
  return has_key && holds(doc.at(i - 1).span.begin);
}

}  // namespace

std::vector<text_span> skipped_lines(std::string_view text, std::string_view sign) {
  std::vector<text_span> out;
  // By the sign, which is rarer than the letters of the words.
  for (std::size_t found = text.find(sign); found != std::string_view::npos; found = text.find(sign, found + 1)) {
    std::size_t at = found + sign.size();
    while (at < text.size() && is_blank(text[at])) ++at;
    if (!text.substr(at).starts_with(words)) continue;
    const text_span line = line_around(text, at);
    const std::size_t begin = sign_before(text, line, at, sign);
    if (begin == std::string_view::npos || !is_skip(text, at, line.end)) continue;
    const bool is_alone = content_from(text, line.begin, begin) == begin;
    const text_span skipped = is_alone ? next_content(text, line, sign) : line;
    if (skipped.size() > 0 && (out.empty() || out.back().begin != skipped.begin)) out.push_back(skipped);
  }
  std::ranges::sort(out, {}, &text_span::begin);
  return out;
}

void skip_images(const yaml::source& from, const std::vector<text_span>& lines, std::vector<found_image>& images) {
  if (lines.empty()) return;
  for (found_image& image : images) {
    const source_document& doc = from.documents[image.tree];
    const bool is_skipped = std::ranges::any_of(
        std::vector{image.scalar, image.mapping, image.registry, image.name, image.tag, image.digest},
        [&](node_index i) { return is_on(lines, doc, i) || is_on(lines, doc, doc.resolve(i)); });
    if (!is_skipped) continue;
    image.slot.reason = skip_reason::skip_comment;
    image.slot.problem.clear();
    image.slot.remedy.clear();
  }
}

}  // namespace pinhook::files
