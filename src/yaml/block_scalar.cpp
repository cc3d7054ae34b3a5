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
  return at == rest.size() || rest[at] == '\r' || rest[at] == '\n' || rest[at] == '#';
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
  const std::size_t line_end = text.find('\n', sign);
  if (line_end == std::string_view::npos) {
    out.span = {text.size(), text.size()};
    return out;
  }
  out.breaks = 1;
  out.span = {line_end + 1, line_end + 1};
  for (std::size_t at = line_end + 1; at < text.size(); ++at) {
    if (text[at] == '\n') {
      ++out.breaks;
      out.span.end = at + 1;
      if (keeps) out.value += '\n';
    } else if (text[at] != ' ' && text[at] != '\r') {
      return out;
    }
  }
  out.span.end = text.size();
  return out;
}

std::optional<text_span> block_sign(std::string_view text, std::size_t from, std::size_t lines) {
  const std::string_view before = text.substr(0, lines);
  for (auto at = before.find_first_of("|>", from); at != std::string_view::npos;
       at = before.find_first_of("|>", at + 1)) {
    const std::size_t end = end_of_sign(before, at);
    const bool begins_word = at == 0 || is_blank(before[at - 1]) || before[at - 1] == '\n';
    if (begins_word && before.find('\n', at) == lines - 1 && is_rest_of_line(before.substr(end)))
      return text_span{at, end};
  }
  return std::nullopt;
}

bool is_outside_of_block(std::string_view text, std::size_t lines, std::size_t indent) {
  const std::size_t content = text.find_first_not_of(" \r\n", lines);
  if (content == std::string_view::npos) return true;
  const std::size_t line = content == 0 ? 0 : text.rfind('\n', content - 1) + 1;
  return content - line <= indent;
}

text_span block_lines(std::string_view text, std::size_t sign, std::size_t indent) {
  const std::size_t begin = std::min(text.find('\n', sign), text.size() - 1) + 1;
  if (is_outside_of_block(text, begin, indent)) return {begin, begin};
  std::size_t end = begin;
  while (end < text.size()) {
    const std::size_t content = text.find_first_not_of(' ', end);
    const bool is_blank_line = content == std::string_view::npos || text[content] == '\r' || text[content] == '\n';
    if (!is_blank_line && content - end <= indent) break;
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
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
    const auto before = rest.substr(0, first).find_last_of("\r\n");
    column = first - (before == std::string_view::npos ? 0 : before + 1);
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
  std::size_t line = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
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
