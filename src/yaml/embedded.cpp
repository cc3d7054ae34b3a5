#include <pinhook/yaml/embedded.hpp>

#include <pinhook/yaml/text_places.hpp>

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

// The position of a byte of the file, at or behind a scalar's.
class position_finder {
 public:
  position_finder(std::string_view text, const source_node& from) : text_(text), line_(from.line) {
    at_ = from.span.begin;
    while (at_ > 0 && text_[at_ - 1] != '\n') --at_;
    go_to(from.span.begin);
  }

  // Nodes come in the order of the text, which may be one long line.
  void set(source_node& node) {
    go_to(node.span.begin);
    node.line = line_;
    node.column = column_;
  }

 private:
  void go_to(std::size_t end) {
    for (; at_ < end; ++at_) {
      if (text_[at_] == '\n') {
        ++line_;
        column_ = 1;
      } else if ((static_cast<unsigned char>(text_[at_]) & 0xC0U) != 0x80U) {
        ++column_;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_;
  std::uint32_t column_ = 1;
};

text_encoding encoding_of(scalar_form form) {
  return form == scalar_form::single_quoted   ? text_encoding::single_quoted
         : form == scalar_form::double_quoted ? text_encoding::double_quoted
         : form == scalar_form::folded        ? text_encoding::folded
                                              : text_encoding::none;
}

auto not_certain() {
  return fail(error_code::unsupported, "the places of the text's bytes in the file are not certain");
}

result<source> read_literal(std::string_view text, const source_node& node, const source_limits& limits) {
  const auto lines = map_lines(text, node);
  if (!lines) return not_certain();
  auto out = read_source(node.text, limits);
  if (!out) return out;
  for (source_document& inner : out->documents) {
    inner.span = lines->outer(inner.span);
    for (source_node& one : inner.nodes) {
      one.span = lines->outer(one.span);
      one.line += lines->first_line - 1;
      one.column += lines->columns;
    }
  }
  return out;
}

result<source> read_encoded(std::string_view text, const source_node& node, const source_limits& limits) {
  const auto places = places_of_text(text, node);
  if (!places || places->begins.empty()) return not_certain();
  const std::size_t end = places->ends.back();
  const auto outer = [&](text_span inner) -> text_span {
    const std::size_t begin = inner.begin < places->begins.size() ? places->begins[inner.begin] : end;
    return {begin, inner.size() == 0 ? begin : places->ends[inner.end - 1]};
  };
  auto out = read_source(node.text, limits);
  if (!out) return out;
  position_finder positions(text, node);
  for (source_document& inner : out->documents) {
    inner.span = outer(inner.span);
    inner.has_comments = false;
    inner.encoding = encoding_of(node.form);
    for (source_node& one : inner.nodes) {
      one.span = outer(one.span);
      positions.set(one);
    }
  }
  return out;
}

}  // namespace

result<source> read_embedded(const source_document& doc, std::string_view text, node_index scalar,
                             const source_limits& limits) {
  const source_node& node = doc.at(scalar);
  const bool is_text = node.kind == source_kind::scalar &&
                       (node.form == scalar_form::literal || encoding_of(node.form) != text_encoding::none);
  if (!is_text) return fail(error_code::unsupported, "only text in a block or in quotes is read as YAML");
  if (doc.encoding != text_encoding::none) return not_certain();
  return node.form == scalar_form::literal ? read_literal(text, node, limits) : read_encoded(text, node, limits);
}

result<std::string> encoded(std::string_view text, text_encoding as) {
  if (as != text_encoding::none && as != text_encoding::double_quoted && text.contains('\n'))
    return fail(error_code::unsupported, "a line break cannot be written in this text");
  std::string out;
  for (const char c : text) {
    if (as == text_encoding::single_quoted && c == '\'') out += c;
    if (as == text_encoding::double_quoted && (c == '"' || c == '\\')) out += '\\';
    if (as == text_encoding::double_quoted && c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

}  // namespace pinhook::yaml
