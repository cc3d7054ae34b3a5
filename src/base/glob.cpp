#include <pinhook/base/glob.hpp>

#include <array>

namespace pinhook {
namespace {

// Stars of a pattern that is read as a text.
constexpr char part_star = '\x01';
constexpr char deep_star = '\x02';
constexpr std::array<char, 2> star_signs{part_star, deep_star};

struct plain_text {
  static bool is_crossed_by_part_star(char c) { return c != '/'; }
};
struct pattern_as_text {
  static bool is_crossed_by_part_star(char c) { return c != '/' && c != deep_star; }
};

/// Each star first takes as little as it can. When the rest does not fit, the last `*` takes one character more, and
/// where it cannot, the last `**` does, and the part after it starts again. No star before these two needs another try:
/// the rest after a `**` fits after its earliest end if it fits after any, and between two '/' the same is true of `*`;
/// a '/' of the pattern after a `*` always ends at the next '/' of the text. For the same reason a text that ends
/// before the pattern does not match. Time grows with the product of the lengths, in the worst case with a part's
/// length, too.
template <class Text>
bool walk(std::string_view pattern, std::string_view text) {
  constexpr std::size_t none = std::string_view::npos;
  std::size_t i = 0, j = 0;
  std::size_t after_part = none, part_at = 0;  // after the last `*`; its end in the text
  std::size_t after_deep = none, deep_at = 0;
  while (j < text.size()) {
    if (i < pattern.size() && pattern[i] == '*') {
      ++i;
      if (i < pattern.size() && pattern[i] == '*') {
        if (++i == pattern.size()) return true;
        after_deep = i;
        deep_at = j;
        after_part = none;
      } else {
        after_part = i;
        part_at = j;
      }
    } else if (i < pattern.size() && pattern[i] == text[j]) {
      if (text[j] == '/') after_part = none;
      ++i, ++j;
    } else if (after_part != none && Text::is_crossed_by_part_star(text[part_at])) {
      i = after_part;
      j = ++part_at;
    } else if (after_deep != none) {
      i = after_deep;
      j = ++deep_at;
      after_part = none;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', i) == none;
}

std::string without_longer_runs(std::string_view text, std::string_view stars) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text)
    if (c != '*' || !out.ends_with(stars)) out += c;
  return out;
}

std::string pattern_text(std::string_view pattern) {
  std::string out;
  out.reserve(pattern.size());
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '*') {
      out += pattern[i];
    } else if (pattern.substr(i, 2) == "**") {
      out += deep_star;
      ++i;
    } else {
      out += part_star;
    }
  }
  return out;
}

}  // namespace

glob::glob(std::string_view text) : text_(without_longer_runs(text, "**")) {
  const std::size_t first = text_.find('*');
  if (first == std::string::npos) {
    begin_ = text_.size();
    return;
  }
  begin_ = first;
  end_ = text_.size() - 1 - text_.rfind('*');
  const std::size_t between = text_.size() - begin_ - end_;
  form_ = between == 1 ? form::one_part : between == 2 && text_[first + 1] == '*' ? form::anything : form::mixed;
}

glob glob::of_word(std::string_view text) { return glob(without_longer_runs(text, "*")); }

bool glob::matches(std::string_view text) const {
  if (form_ == form::literal) return text == text_;
  if (text.size() < begin_ + end_ || !text.starts_with(literal_begin()) || !text.ends_with(literal_end())) return false;
  if (form_ == form::anything) return true;
  const std::string_view between = text.substr(begin_, text.size() - begin_ - end_);
  if (form_ == form::one_part) return between.find('/') == std::string_view::npos;
  return walk<plain_text>(std::string_view(text_).substr(begin_, text_.size() - begin_ - end_), between);
}

bool glob::covers(const glob& other) const {
  if (other.is_literal()) return matches(other.text_);
  if (form_ == form::literal || !other.literal_begin().starts_with(literal_begin()) ||
      !other.literal_end().ends_with(literal_end()))
    return false;
  // A character that stands for a star there would match one.
  constexpr std::string_view stand_ins(star_signs.data(), star_signs.size());
  if (text_.find_first_of(stand_ins) != std::string::npos || other.text_.find_first_of(stand_ins) != std::string::npos)
    return text_ == other.text_;
  const std::string text = pattern_text(other.text_);
  return walk<pattern_as_text>(std::string_view(text_).substr(begin_, text_.size() - begin_ - end_),
                               std::string_view(text).substr(begin_, text.size() - begin_ - end_));
}

}  // namespace pinhook
