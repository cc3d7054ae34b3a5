#include <pinhook/yaml/long_scalar.hpp>

#include <pinhook/base/utf8.hpp>
#include <pinhook/yaml/block_scalar.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace pinhook::yaml {
namespace {

char at_or_break(std::string_view text, std::size_t at) { return at < text.size() ? text[at] : '\n'; }

// The next line with more than spaces.
struct next_content {
  std::size_t line = 0;
  std::size_t content = 0;
  /// Line feeds before it.
  std::size_t breaks = 0;
  /// The most spaces in a line without more, of those passed over.
  std::size_t most_spaces = 0;
};

// `at`: a line feed, or the begin of a line. No value at the end of the text.
std::optional<next_content> content_after(std::string_view text, std::size_t at) {
  next_content out{.line = at, .content = at};
  for (;; ++out.content) {
    if (out.content >= text.size()) return std::nullopt;
    if (text[out.content] == '\n') {
      out.most_spaces = std::max(out.most_spaces, out.content - out.line);
      ++out.breaks;
      out.line = out.content + 1;
    } else if (text[out.content] != ' ') {
      return out;
    }
  }
}

// One line feed is a space, more are one less.
void fold(std::string& value, std::size_t breaks) {
  if (breaks == 1)
    value += ' ';
  else
    value.append(breaks - 1, '\n');
}

class quoted_lines {
 public:
  quoted_lines(std::string_view text, std::size_t begin, std::size_t indent)
      : text_(text), at_(begin + 1), indent_(indent), quote_(text[begin]) {}

  std::optional<long_scalar> read() {
    const std::string_view stops = quote_ == '"' ? "\"\\\n" : "'\n";
    for (;;) {
      const std::size_t next = text_.find_first_of(stops, at_);
      if (next == std::string_view::npos) return std::nullopt;
      if (next > at_) {
        out_.value += text_.substr(at_, next - at_);
        if (const auto last = out_.value.find_last_not_of(' '); last != std::string::npos && last >= kept_)
          kept_ = last + 1;
      }
      at_ = next;
      if (text_[at_] == quote_ && !(quote_ == '\'' && at_or_break(text_, at_ + 1) == '\'')) break;
      if (text_[at_] == '\n' ? !take_breaks() : text_[at_] == '\\' ? !take_escape() : !take_quote())
        return std::nullopt;
    }
    // libfyaml 0.7 may read such a text in another way.
    if (out_.breaks > 0 && has_backslash_) return std::nullopt;
    out_.end = at_ + 1;
    return std::move(out_);
  }

 private:
  // Spaces around ends of lines do not count.
  bool take_breaks() {
    out_.value.resize(kept_);
    const auto next = begin_next_line();
    if (next == 0) return false;
    fold(out_.value, next);
    kept_ = out_.value.size();
    return true;
  }

  // Goes to the content of the next line that has any; returns the line feeds before it, or 0.
  std::size_t begin_next_line() {
    const auto next = content_after(text_, at_);
    if (!next || next->content - next->line <= indent_) return 0;
    out_.breaks += next->breaks;
    out_.last_line = next->line;
    at_ = next->content;
    return next->breaks;
  }

  bool take_quote() {
    // libfyaml 0.7 does not count more than two quotes beside each other.
    if (at_or_break(text_, at_ + 2) == '\'') return false;
    out_.value += '\'';
    kept_ = out_.value.size();
    at_ += 2;
    return true;
  }

  bool take_escape() {
    constexpr std::string_view names = "\"\\/nt ";
    constexpr std::string_view values = "\"\\/\n\t ";
    const char c = at_or_break(text_, ++at_);
    if (c == '\n') {
      // The end of the line and the spaces of the next one are not part of the value.
      kept_ = out_.value.size();
      return begin_next_line() == 1;
    }
    if (c == 'u') return take_code();
    const std::size_t name = names.find(c);
    if (name == std::string_view::npos) return false;
    has_backslash_ = has_backslash_ || c == '\\';
    out_.value += values[name];
    kept_ = out_.value.size();
    ++at_;
    return true;
  }

  bool take_code() {
    constexpr std::size_t digits = 4;
    const std::string_view hex = text_.substr(std::min(at_ + 1, text_.size()), digits);
    std::uint32_t code = 0;
    const auto [end, problem] = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
    // Printable ASCII: what JSON's encoders for web pages escape.
    if (problem != std::errc{} || end != hex.data() + digits || code < 0x20U || code > 0x7eU) return false;
    out_.value += static_cast<char>(code);
    kept_ = out_.value.size();
    at_ += 1 + digits;
    return true;
  }

  std::string_view text_;
  std::size_t at_;
  std::size_t indent_;
  char quote_;
  long_scalar out_;
  /// Spaces of the value before here stay at the end of a line.
  std::size_t kept_ = 0;
  /// Its value has a backslash.
  bool has_backslash_ = false;
};

// The part of a further line of a plain scalar that belongs to it; no value for one with the ':' of a key.
std::optional<std::string_view> plain_part(std::string_view line) {
  for (std::size_t at = line.find_first_of(":#"); at != std::string_view::npos; at = line.find_first_of(":#", at + 1)) {
    if (line[at] == ':' && (at_or_break(line, at + 1) == ' ' || at + 1 == line.size())) return std::nullopt;
    if (line[at] == '#' && at > 0 && line[at - 1] == ' ') {
      line = line.substr(0, at);
      break;
    }
  }
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

}  // namespace

std::optional<long_scalar> read_quoted(std::string_view text, std::size_t begin, std::size_t indent) {
  return quoted_lines(text, begin, indent).read();
}

std::optional<long_scalar> read_plain_lines(std::string_view text, std::size_t begin, std::size_t end,
                                            std::size_t indent) {
  long_scalar out{.end = end, .value = {}};
  std::size_t line_end = text.find('\n', end);
  while (line_end != std::string_view::npos) {
    const auto next = content_after(text, line_end);
    if (!next || next->content - next->line <= indent || text[next->content] == '#') break;
    if (out.breaks == 0) out.value = text.substr(begin, end - begin);
    line_end = text.find('\n', next->content);
    const std::string_view line = text.substr(next->content, line_end - next->content);
    const auto part = plain_part(line);
    if (!part) return std::nullopt;
    fold(out.value, next->breaks);
    out.value += *part;
    out.breaks += next->breaks;
    out.last_line = next->line;
    out.end = next->content + part->size();
    // Nothing follows a comment.
    if (line.find_first_not_of(' ', part->size()) != std::string_view::npos) break;
  }
  return out;
}

std::optional<long_scalar> read_block(std::string_view text, std::size_t sign, std::size_t indent) {
  const bool is_literal = text[sign] == '|';
  std::size_t at = sign + 1;
  const char chomping = at_or_break(text, at);
  if (chomping == '-' || chomping == '+') ++at;
  if (at >= text.size() || text[at] != '\n') return std::nullopt;
  auto next = content_after(text, at + 1);
  if (!next || next->content - next->line <= indent) {
    empty_block empty = empty_block_at(text, sign);
    const std::size_t end = empty.span.end;
    if (!next && end > 0 && text[end - 1] != '\n') return std::nullopt;
    return long_scalar{.end = end, .value = std::move(empty.value), .breaks = empty.breaks, .last_line = end};
  }
  const std::size_t column = next->content - next->line;
  if (next->most_spaces > column) return std::nullopt;
  long_scalar out{.end = next->line, .value = std::string(next->breaks, '\n'), .breaks = 1 + next->breaks};
  std::size_t breaks = 0;
  while (next && next->content - next->line >= column) {
    const std::size_t end = text.find('\n', next->content);
    // libfyaml ends a last line that has no end.
    if (end == std::string_view::npos) return std::nullopt;
    // libfyaml 0.7 loses empty lines beside lines that are indented further.
    if (!is_literal && next->content - next->line > column) return std::nullopt;
    if (is_literal)
      out.value.append(breaks, '\n');
    else if (breaks > 0)
      fold(out.value, breaks);
    out.value += text.substr(next->line + column, end - next->line - column);
    out.breaks += 1;
    const auto more = content_after(text, end);
    if (more ? more->most_spaces > column : text.substr(end).contains(' ')) return std::nullopt;
    breaks = more ? more->breaks : static_cast<std::size_t>(std::ranges::count(text.substr(end), '\n'));
    out.breaks += breaks - 1;
    // libfyaml counts the indentation of the next line as well.
    out.end = more ? more->content : text.size();
    out.last_line = more ? more->line : text.size();
    next = more;
  }
  if (chomping != '-') out.value.append(chomping == '+' ? breaks : 1, '\n');
  return out;
}

}  // namespace pinhook::yaml
