#include <pinhook/yaml/quoted_text.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/base/utf8.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace pinhook::yaml {

namespace {

constexpr std::array<std::pair<char, std::string_view>, 18> short_escapes{{
    {'0', {"\0", 1}},
    {'a', "\a"},
    {'b', "\b"},
    {'t', "\t"},
    {'\t', "\t"},
    {'n', "\n"},
    {'v', "\v"},
    {'f', "\f"},
    {'r', "\r"},
    {'e', "\x1b"},
    {' ', " "},
    {'"', "\""},
    {'/', "/"},
    {'\\', "\\"},
    {'N', "\xc2\x85"},
    {'_', "\xc2\xa0"},
    {'L', "\xe2\x80\xa8"},
    {'P', "\xe2\x80\xa9"},
}};

class value_reader {
 public:
  value_reader(std::string_view inside, char quote) : text_(inside), quote_(quote) {}

  std::optional<std::string> read() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (is_break(c)) {
        take_breaks();
      } else if (c == quote_ && quote_ == '\'') {
        keep("'");
        at_ += 2;
      } else if (c == '\\' && quote_ == '"') {
        if (!take_escape()) return std::nullopt;
      } else {
        out_ += c;
        if (!is_blank(c)) kept_ = out_.size();
        ++at_;
      }
    }
    return std::move(out_);
  }

 private:
  void keep(std::string_view part) {
    out_ += part;
    kept_ = out_.size();
  }

  // One end of a line; CR LF is one.
  void skip_break() { at_ += text_.substr(at_).starts_with("\r\n") ? 2 : 1; }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  // The ends of lines from here on that have nothing between them, and the blanks around them; how many they were.
  std::size_t skip_breaks() {
    std::size_t breaks = 0;
    for (; at_ < text_.size() && is_break(text_[at_]); ++breaks) {
      skip_break();
      skip_blanks();
    }
    return breaks;
  }

  // One is a space, more are one line feed less. Blanks before them do not count, unless they are escaped.
  void take_breaks() {
    out_.resize(kept_);
    const std::size_t breaks = skip_breaks();
    if (breaks == 1)
      out_ += ' ';
    else
      out_.append(breaks - 1, '\n');
    kept_ = out_.size();
  }

  bool take_escape() {
    const char c = ++at_ < text_.size() ? text_[at_] : '\0';
    if (is_break(c) && at_ < text_.size()) {
      // An escaped end of a line is nothing; the empty lines behind it are.
      const std::size_t breaks = skip_breaks();
      out_.append(breaks - 1, '\n');
      kept_ = out_.size();
      return true;
    }
    if (c == 'x' || c == 'u' || c == 'U') return take_code(c == 'x' ? 2 : c == 'u' ? 4 : 8);
    for (const auto& [name, value] : short_escapes)
      if (name == c) {
        keep(value);
        ++at_;
        return true;
      }
    return false;
  }

  bool take_code(std::size_t digits) {
    if (text_.size() - at_ <= digits) return false;
    const char* const begin = text_.data() + at_ + 1;
    std::uint32_t code = 0;
    const auto [end, problem] = std::from_chars(begin, begin + digits, code, 16);
    if (problem != std::errc{} || end != begin + digits) return false;
    if (code > 0x10ffffU || (code >= 0xd800U && code <= 0xdfffU)) return false;
    append_utf8(out_, code);
    kept_ = out_.size();
    at_ += 1 + digits;
    return true;
  }

  std::string_view text_;
  char quote_;
  std::string out_;
  std::size_t at_ = 0;
  /// Blanks of the value before here stay at the end of a line.
  std::size_t kept_ = 0;
};

}  // namespace

std::optional<std::string> quoted_value(std::string_view inside, char quote) {
  return value_reader(inside, quote).read();
}

}  // namespace pinhook::yaml
