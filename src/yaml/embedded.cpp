#include <pinhook/yaml/embedded.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

namespace pinhook::yaml {
namespace {

// The begin of one line in the inner text and in the file.
struct line_place {
  std::size_t inner = 0;
  std::size_t outer = 0;
};

struct line_map {
  /// In their order, the empty line at the end included.
  std::vector<line_place> lines;
  std::size_t indent = 0;
  /// The number of columns before those of the inner text.
  std::uint32_t columns = 0;
  /// The line of the file that holds the first inner line.
  std::uint32_t first_line = 1;

  [[nodiscard]] std::size_t outer(std::size_t inner) const {
    const auto behind = std::ranges::upper_bound(lines, inner, {}, &line_place::inner);
    const line_place& at = *(behind - 1);
    return at.outer + (inner - at.inner);
  }

  // The end of a span belongs to the line of its last byte.
  [[nodiscard]] text_span outer(text_span inner) const {
    if (inner.size() == 0) return {outer(inner.begin), outer(inner.begin)};
    return {outer(inner.begin), outer(inner.end - 1) + 1};
  }
};

// Pairs the lines of a literal scalar with those of its text: the same but for the indentation, and "\r\n".
std::optional<line_map> map_lines(std::string_view text, const source_node& scalar) {
  line_map out;
  std::size_t at = scalar.span.begin;
  while (at > 0 && text[at - 1] != '\n') --at;
  out.first_line = scalar.line;
  bool is_known = false;
  for (std::size_t inner = 0; inner <= scalar.text.size();) {
    const std::size_t end = std::min(scalar.text.find('\n', inner), scalar.text.size());
    const std::string_view line = scalar.text.substr(inner, end - inner);
    const std::size_t line_end = std::min(text.find('\n', at), text.size());
    std::string_view written = text.substr(at, line_end - at);
    if (written.ends_with('\r')) written.remove_suffix(1);
    if (!line.empty() && !is_known) {
      if (written.size() < line.size()) return std::nullopt;
      out.indent = written.size() - line.size();
      is_known = true;
    }
    const std::size_t blanks = std::min(written.find_first_not_of(' '), written.size());
    // An empty line may be shorter; what follows the last line break is no line of the text.
    const std::size_t indent = std::min(out.indent, inner == scalar.text.size() ? 0 : blanks);
    if (!line.empty() && (indent != out.indent || written.substr(indent) != line)) return std::nullopt;
    out.lines.push_back({inner, at + indent});
    inner = end + 1;
    at = std::min(line_end + 1, text.size());
  }
  out.columns = static_cast<std::uint32_t>(out.indent);
  return is_known ? std::optional(std::move(out)) : std::nullopt;
}

// The text between quotes, where it is what YAML reads: on one line, and without escapes.
std::optional<line_map> map_quoted(std::string_view text, const source_node& scalar) {
  const std::size_t begin = scalar.span.begin + 1;
  if (scalar.span.size() != scalar.text.size() + 2 || text.substr(begin, scalar.text.size()) != scalar.text)
    return std::nullopt;
  if (scalar.text.contains('\n') || scalar.text.empty()) return std::nullopt;
  line_map out;
  out.lines.push_back({0, begin});
  out.columns = scalar.column;
  out.first_line = scalar.line;
  return out;
}

bool is_quoted(const source_node& node) {
  return node.form == scalar_form::single_quoted || node.form == scalar_form::double_quoted;
}

}  // namespace

result<source> read_embedded(const source_document& doc, std::string_view text, node_index scalar,
                             const source_limits& limits) {
  const source_node& node = doc.at(scalar);
  if (node.kind != source_kind::scalar || (node.form != scalar_form::literal && !is_quoted(node)))
    return fail(error_code::unsupported, "only literal and quoted text is read as YAML");
  const auto lines = is_quoted(node) ? map_quoted(text, node) : map_lines(text, node);
  if (!lines) return fail(error_code::unsupported, "the text is not in the file as it is");
  auto out = read_source(node.text, limits);
  if (!out) return out;
  for (source_document& inner : out->documents) {
    inner.span = lines->outer(inner.span);
    inner.has_comments = !is_quoted(node);
    for (source_node& one : inner.nodes) {
      one.span = lines->outer(one.span);
      one.line += lines->first_line - 1;
      one.column += lines->columns;
    }
  }
  return out;
}

}  // namespace pinhook::yaml
