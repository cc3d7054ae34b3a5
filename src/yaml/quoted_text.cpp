#include <pinhook/yaml/quoted_text.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/base/utf8.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace pinhook::yaml {
namespace {

// YAML 1.2.2, 5.7.
constexpr std::array<std::pair<char, std::string_view>, 19> escapes{{{'0', std::string_view("\0", 1)},
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
                                                                     {'\'', "'"}}};

constexpr std::array<std::pair<char, std::size_t>, 3> numbers{{{'x', 2}, {'u', 4}, {'U', 8}}};

// Reads the bytes between quotes as YAML does, and notes where each came from.
class quoted_reader {
 public:
  quoted_reader(std::string_view text, const text_span& inside, bool is_double)
      : text_(text.substr(0, inside.end)), at_(inside.begin), is_double_(is_double) {}

  std::optional<quoted_text> read() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (is_break(c))
        fold();
      else if (is_double_ && c == '\\')
        escape();
      else
        add(text_.substr(at_, 1), !is_double_ && text_.substr(at_).starts_with("''") ? 2 : 1, is_blank(c));
      if (has_failed_) return std::nullopt;
    }
    return std::move(out_);
  }

 private:
  void add(std::string_view bytes, std::size_t written, bool is_plain_blank) {
    for (const char c : bytes) {
      out_.value += c;
      out_.begins.push_back(at_);
      out_.ends.push_back(at_ + written);
    }
    at_ += written;
    if (!is_plain_blank) kept_ = out_.value.size();
  }

  // "\r\n" and "\n"; a lone "\r" is a break, too.
  void pass_break() { at_ += text_.substr(at_).starts_with("\r\n") ? 2 : 1; }

  void pass_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  // How many there are from here on with nothing but blanks between.
  std::size_t pass_breaks() {
    std::size_t breaks = 0;
    for (; at_ < text_.size() && is_break(text_[at_]); ++breaks) {
      pass_break();
      pass_blanks();
    }
    return breaks;
  }

  // One line break is a blank, each further one a line break; the blanks around them are none.
  void fold() {
    out_.value.resize(kept_);
    out_.begins.resize(kept_);
    out_.ends.resize(kept_);
    const std::size_t begin = at_;
    const std::size_t breaks = pass_breaks();
    const std::size_t end = std::exchange(at_, begin);
    add(breaks == 1 ? std::string(" ") : std::string(breaks - 1, '\n'), end - begin, false);
  }

  void escape() {
    const std::string_view rest = text_.substr(at_ + 1);
    if (rest.empty()) {
      has_failed_ = true;
    } else if (is_break(rest.front())) {
      // It is nothing itself; the empty lines behind it are line breaks.
      const std::size_t begin = at_++;
      const std::string further(pass_breaks() - 1, '\n');
      const std::size_t end = std::exchange(at_, begin);
      add(further, end - begin, false);
    } else if (const auto* known = std::ranges::find(escapes, rest.front(), [](const auto& one) { return one.first; });
               known != escapes.end()) {
      add(known->second, 2, false);
    } else {
      number(rest);
    }
  }

  void number(std::string_view rest) {
    const auto* known = std::ranges::find(numbers, rest.front(), [](const auto& one) { return one.first; });
    has_failed_ = known == numbers.end() || rest.size() <= known->second;
    if (has_failed_) return;
    const std::string_view digits = rest.substr(1, known->second);
    std::uint32_t value = 0;
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    const bool is_half = value >= 0xd800U && value <= 0xdfffU;
    has_failed_ = code != std::errc() || end != digits.data() + digits.size() || is_half || value > 0x10ffffU;
    std::string bytes;
    if (!has_failed_) append_utf8(bytes, value);
    add(bytes, 2 + digits.size(), false);
  }

  std::string_view text_;
  std::size_t at_;
  bool is_double_;
  bool has_failed_ = false;
  // The size up to the last byte that no fold takes away.
  std::size_t kept_ = 0;
  quoted_text out_;
};

}  // namespace

std::optional<quoted_text> read_quoted_text(std::string_view text, const text_span& inside, char quote) {
  return quoted_reader(text, inside, quote == '"').read();
}

}  // namespace pinhook::yaml
