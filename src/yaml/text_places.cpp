#include <pinhook/yaml/text_places.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/yaml/quoted_text.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace pinhook::yaml {
namespace {

std::optional<text_places> places_of_quoted(std::string_view text, const source_node& scalar) {
  const bool is_double = scalar.form == scalar_form::double_quoted;
  auto read = read_quoted_text(text, {scalar.span.begin + 1, scalar.span.end - 1}, is_double ? '"' : '\'');
  if (!read || read->value != scalar.text) return std::nullopt;
  return text_places{std::move(read->begins), std::move(read->ends)};
}

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
      return scalar.span.size() < 2 ? std::nullopt : places_of_quoted(text, scalar);
    case scalar_form::folded:
      return folded_reader(text, scalar).read();
    default:
      return std::nullopt;
  }
}

}  // namespace pinhook::yaml
