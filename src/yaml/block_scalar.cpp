#include <pinhook/yaml/block_scalar.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/base/utf8.hpp>

#include <algorithm>

namespace pinhook::yaml {

namespace {

// Behind a sign there may be blanks and a comment, before which both readers need no blank.
bool is_rest_of_line(std::string_view rest) {
  const auto begin = std::ranges::find_if_not(rest, is_blank) - rest.begin();
  const auto at = static_cast<std::size_t>(begin);
  return at == rest.size() || is_break(rest[at]) || rest[at] == '#';
}

// Lines end with "\n", "\r\n" or "\r" (YAML 1.2.2, section 5.4).
std::size_t begin_of_line(std::string_view text, std::size_t at) { return text.substr(0, at).find_last_of("\r\n") + 1; }

// Behind the end of the line; where the text ends without one, its end.
std::size_t next_line(std::string_view text, std::size_t at) {
  const std::size_t end = text.find_first_of("\r\n", at);
  if (end == std::string_view::npos) return text.size();
  return end + (text.substr(end).starts_with("\r\n") ? 2 : 1);
}

std::size_t end_of_sign(std::string_view text, std::size_t sign) {
  std::size_t end = sign + 1;
  while (end < text.size() && end < sign + 3 && std::string_view("-+123456789").contains(text[end])) ++end;
  return end;
}

}  // namespace

empty_block empty_block_at(std::string_view text, std::size_t sign) {
  const bool keeps = text.substr(sign, end_of_sign(text, sign) - sign).contains('+');
  empty_block out;
  const std::size_t begin = next_line(text, sign);
  out.span = {begin, begin};
  if (begin == text.size() && !is_break(text.back())) return out;
  out.breaks = 1;
  while (out.span.end < text.size()) {
    const std::size_t end = next_line(text, out.span.end);
    const std::string_view line = text.substr(out.span.end, end - out.span.end);
    if (line.find_first_not_of(" \r\n") != std::string_view::npos) break;
    out.span.end = end;
    if (!is_break(line.back())) break;
    ++out.breaks;
    if (keeps) out.value += '\n';
  }
  return out;
}

std::optional<text_span> block_sign(std::string_view text, std::size_t from, std::size_t lines) {
  const std::string_view before = text.substr(0, lines);
  for (auto at = before.find_first_of("|>", from); at != std::string_view::npos;
       at = before.find_first_of("|>", at + 1)) {
    const std::size_t end = end_of_sign(before, at);
    const bool begins_word = at == 0 || is_space(before[at - 1]);
    if (begins_word && is_break(before.back()) && next_line(before, at) == lines && is_rest_of_line(before.substr(end)))
      return text_span{at, end};
  }
  return std::nullopt;
}

bool is_outside_of_block(std::string_view text, std::size_t lines, std::size_t indent) {
  const std::size_t content = text.find_first_not_of(" \r\n", lines);
  if (content == std::string_view::npos) return true;
  return content - begin_of_line(text, content) <= indent;
}

text_span block_lines(std::string_view text, std::size_t sign, std::size_t indent) {
  const std::size_t begin = next_line(text, sign);
  if (is_outside_of_block(text, begin, indent)) return {begin, begin};
  std::size_t end = begin;
  while (end < text.size()) {
    const std::size_t content = text.find_first_not_of(' ', end);
    const bool is_blank_line = content == std::string_view::npos || is_break(text[content]);
    if (!is_blank_line && content - end <= indent) break;
    end = next_line(text, end);
  }
  return {begin, end};
}

std::string block_value(std::string_view text, const text_span& sign, const text_span& lines, std::size_t indent) {
  const std::string_view marks = text.substr(sign.begin + 1, sign.size() - 1);
  const auto digit = std::ranges::find_if(marks, is_digit);
  std::string_view rest = text.substr(lines.begin, lines.size());
  std::size_t column = 0;
  if (digit != marks.end()) {
    column = indent + static_cast<std::size_t>(*digit - '0');
  } else if (const auto first = rest.find_first_not_of(" \r\n"); first != std::string_view::npos) {
    column = first - begin_of_line(rest, first);
  }
  std::string out;
  // Ends of lines since the last line with content, and whether that one was indented further.
  std::size_t breaks = 0;
  bool was_further = true;
  const bool is_folded = text[sign.begin] == '>';
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of("\r\n"), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end);
    const std::size_t spaces = std::min({line.find_first_not_of(' '), column, line.size()});
    line.remove_prefix(spaces);
    // Spaces at the end may be those before the next key.
    if (!line.empty() && (!rest.empty() || line.find_first_not_of(' ') != std::string_view::npos)) {
      const bool is_further = is_blank(line.front());
      const bool folds = is_folded && !is_further && !was_further;
      if (folds && breaks == 1)
        out += ' ';
      else
        out.append(folds ? breaks - 1 : breaks, '\n');
      out += line;
      breaks = 0;
      was_further = is_further;
    }
    if (rest.empty()) break;
    rest.remove_prefix(rest.starts_with("\r\n") ? 2 : 1);
    ++breaks;
  }
  if (marks.contains('+'))
    out.append(breaks, '\n');
  else if (!marks.contains('-') && breaks > 0 && !out.empty())
    out += '\n';
  return out;
}

std::size_t indent_of_line(std::string_view text, std::size_t at) {
  std::size_t line = begin_of_line(text, at);
  if (text.substr(line).starts_with(byte_order_mark)) line += byte_order_mark.size();
  std::size_t out = line;
  for (;;) {
    while (out < text.size() && text[out] == ' ') ++out;
    const bool is_sign =
        out + 1 < text.size() && (text[out] == '-' || text[out] == '?' || text[out] == ':') && text[out + 1] == ' ';
    if (!is_sign || out >= at) return out - line;
    ++out;
  }
}

}  // namespace pinhook::yaml
