#include <pinhook/yaml/text_places.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/base/utf8.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>
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
  quoted_reader(std::string_view text, const source_node& scalar)
      : text_(text.substr(0, scalar.span.end - 1)),
        at_(scalar.span.begin + 1),
        is_double_(scalar.form == scalar_form::double_quoted) {}

  std::optional<text_places> read(std::string_view expected) {
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
    return read_ == expected ? std::optional(std::move(out_)) : std::nullopt;
  }

 private:
  void add(std::string_view bytes, std::size_t written, bool is_plain_blank) {
    for (const char c : bytes) {
      read_ += c;
      out_.begins.push_back(at_);
      out_.ends.push_back(at_ + written);
    }
    at_ += written;
    if (!is_plain_blank) kept_ = read_.size();
  }

  // "\r\n" and "\n"; a lone "\r" is a break, too.
  void pass_break() { at_ += text_.substr(at_).starts_with("\r\n") ? 2 : 1; }

  void pass_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  // One line break is a blank, each further one a line break; the blanks around them are none.
  void fold() {
    read_.resize(kept_);
    out_.begins.resize(kept_);
    out_.ends.resize(kept_);
    const std::size_t begin = at_;
    std::size_t breaks = 0;
    while (at_ < text_.size() && is_break(text_[at_])) {
      pass_break();
      pass_blanks();
      ++breaks;
    }
    const std::size_t end = std::exchange(at_, begin);
    add(breaks == 1 ? std::string(" ") : std::string(breaks - 1, '\n'), end - begin, false);
  }

  void escape() {
    const std::string_view rest = text_.substr(at_ + 1);
    if (rest.empty()) {
      has_failed_ = true;
    } else if (is_break(rest.front())) {
      ++at_;
      pass_break();
      pass_blanks();
      kept_ = read_.size();
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
    has_failed_ = code != std::errc() || end != digits.data() + digits.size();
    std::string bytes;
    if (!has_failed_) append_utf8(bytes, value);
    add(bytes, 2 + digits.size(), false);
  }

  std::string_view text_;
  std::size_t at_;
  bool is_double_;
  bool has_failed_ = false;
  std::string read_;
  // The size up to the last byte that no fold takes away.
  std::size_t kept_ = 0;
  text_places out_;
};

// Walks along the lines of a folded scalar and its text at the same time. Where both do not fit together, the places
// are not certain.
class folded_reader {
 public:
  folded_reader(std::string_view text, const source_node& scalar) : text_(text), expected_(scalar.text) {
    at_ = scalar.span.begin;
    while (at_ > 0 && text_[at_ - 1] != '\n') --at_;
    end_ = scalar.span.end;
  }

  std::optional<text_places> read() {
    bool is_first = true;
    while (read_ < expected_.size()) {
      const std::size_t breaks = pass_breaks();
      if (is_first ? !find_indent() : !take_breaks(breaks)) return std::nullopt;
      if (read_ == expected_.size()) break;
      is_first = false;
      if (at_ >= end_ || !take_line()) return std::nullopt;
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string_view line() const {
    std::string_view out = text_.substr(at_, std::min(text_.find('\n', at_), text_.size()) - at_);
    if (out.ends_with('\r')) out.remove_suffix(1);
    return out;
  }

  void add(std::size_t count, std::size_t begin, std::size_t end) {
    for (std::size_t i = 0; i < count; ++i) {
      out_.begins.push_back(begin);
      out_.ends.push_back(end);
    }
    read_ += count;
  }

  // Passes the end of a line and empty lines.
  std::size_t pass_breaks() {
    std::size_t out = 0;
    begin_of_breaks_ = at_;
    while (at_ < end_) {
      const std::string_view rest = line();
      if (rest.find_first_not_of(' ') != std::string_view::npos) break;
      at_ = std::min(text_.find('\n', at_), text_.size());
      if (at_ == text_.size()) break;
      ++at_;
      ++out;
    }
    return out;
  }

  // The first line shows how deep the text is: its text begins with the same bytes.
  bool find_indent() {
    const std::size_t leading = std::min(expected_.find_first_not_of('\n'), expected_.size());
    add(leading, at_, at_);
    const std::size_t blanks = line().find_first_not_of(' ');
    const std::size_t own = expected_.substr(read_).find_first_not_of(' ');
    if (blanks == std::string_view::npos || own == std::string_view::npos || blanks < own) return false;
    indent_ = blanks - own;
    return true;
  }

  bool take_breaks(std::size_t breaks) {
    const std::string_view rest = expected_.substr(read_);
    const std::size_t lines = std::min(rest.find_first_not_of('\n'), rest.size());
    const bool is_end = lines == rest.size();
    if (lines == 0 && (breaks != 1 || !rest.starts_with(' '))) return false;
    if (lines != 0 && !is_end && lines != breaks && lines + 1 != breaks) return false;
    add(lines == 0 ? 1 : lines, begin_of_breaks_, at_);
    return true;
  }

  bool take_line() {
    const std::string_view whole = line();
    if (whole.size() < indent_) return false;
    const std::string_view own = whole.substr(indent_);
    if (!expected_.substr(read_).starts_with(own)) return false;
    at_ += indent_;
    for (std::size_t i = 0; i < own.size(); ++i, ++at_) add(1, at_, at_ + 1);
    return true;
  }

  std::string_view text_, expected_;
  std::size_t at_ = 0, end_ = 0, begin_of_breaks_ = 0, indent_ = 0, read_ = 0;
  text_places out_;
};

}  // namespace

std::optional<text_places> places_of_text(std::string_view text, const source_node& scalar) {
  switch (scalar.form) {
    case scalar_form::single_quoted:
    case scalar_form::double_quoted:
      return scalar.span.size() < 2 ? std::nullopt : quoted_reader(text, scalar).read(scalar.text);
    case scalar_form::folded:
      return folded_reader(text, scalar).read();
    default:
      return std::nullopt;
  }
}

}  // namespace pinhook::yaml
