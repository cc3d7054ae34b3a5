#include <pinhook/base/wrapped_text.hpp>

#include <algorithm>

namespace pinhook {
namespace {

// Appends one line of the text as one or more lines.
void append_wrapped_line(std::string& out, std::string_view line, const wrapping& options) {
  std::size_t column = 0;
  bool is_first = true;
  const auto start = [&](std::size_t blanks) {
    out.append(blanks, ' ');
    column = blanks;
  };
  while (!line.empty()) {
    // The blanks before a word belong to it: they are kept within a line, and dropped at a break.
    const auto begin = std::min(line.find_first_not_of(' '), line.size());
    const auto end = std::min(line.find(' ', begin), line.size());
    const auto word = line.substr(begin, end - begin);
    line.remove_prefix(end);
    if (word.empty()) break;
    if (is_first) {
      start(options.indent + begin);
    } else if (options.width != 0 && column + begin + columns_of(word) > options.width) {
      out += '\n';
      start(options.indent + options.hanging);
    } else {
      out.append(begin, ' ');
      column += begin;
    }
    out += word;
    column += columns_of(word);
    is_first = false;
  }
}

}  // namespace

std::size_t columns_of(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

std::string wrapped(std::string_view text, const wrapping& options) {
  std::string out;
  for (;;) {
    const auto end = std::min(text.find('\n'), text.size());
    append_wrapped_line(out, text.substr(0, end), options);
    if (end == text.size()) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace pinhook
