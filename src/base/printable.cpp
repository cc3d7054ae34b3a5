#include <pinhook/base/printable.hpp>

#include <pinhook/base/json_bytes.hpp>
#include <pinhook/base/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace pinhook {
namespace {

constexpr std::string_view dots = "…";

// Bytes of a word below which a cut makes it unrecognizable.
constexpr std::size_t least_word = 24;

// Calls `use(word)` for each word between spaces, and `use(" ")` for each space.
template <class F>
void each_word(std::string_view text, F use) {
  while (!text.empty()) {
    const auto end = text.front() == ' ' ? 1 : std::min(text.find(' '), text.size());
    use(text.substr(0, end));
    text.remove_prefix(end);
  }
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }

std::string_view end_of(std::string_view text, std::size_t size) {
  std::size_t at = text.size() - std::min(size, text.size());
  while (at < text.size() && continues(text[at])) ++at;
  return text.substr(at);
}

// The size of the text with its words cut to at most `longest` bytes.
std::size_t size_with(std::string_view text, std::size_t longest) {
  std::size_t out = 0;
  each_word(text, [&](std::string_view word) { out += std::min(word.size(), longest); });
  return out;
}

}  // namespace

std::size_t least_cut_size(std::string_view text) { return size_with(text, least_word); }

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (true) {
    // Mostly this is the whole text.
    auto plain = static_cast<std::size_t>(json::find_remarkable(text.data(), text.data() + text.size()) - text.data());
    while (plain < text.size() && text[plain] >= 0x20 && text[plain] < 0x7f) ++plain;
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return out;
    const utf8_character c = first_character(text);
    const std::size_t size = std::max<std::size_t>(c.size, 1);
    if (c.size == 0)
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(text.front()));
    else if (is_printable(c.code))
      out += text.substr(0, size);
    else if (c.code <= 0xff)
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned>(c.code));
    else
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c.code));
    text.remove_prefix(size);
  }
}

std::string_view begin_of(std::string_view text, std::size_t size) {
  if (size >= text.size()) return text;
  // Invalid UTF-8 has no characters to keep whole.
  std::size_t whole = size;
  while (whole > 0 && size - whole < 3 && continues(text[whole])) --whole;
  return text.substr(0, continues(text[whole]) ? size : whole);
}

std::string cut(std::string_view text, std::size_t size) {
  if (text.size() <= size) return std::string(text);
  if (size < dots.size()) return {};
  std::string out(begin_of(text, size - dots.size()));
  out += dots;
  return out;
}

std::string cut_begin(std::string_view text, std::size_t size) {
  if (text.size() <= size) return std::string(text);
  if (size < dots.size()) return {};
  std::string out(dots);
  out += end_of(text, size - dots.size());
  return out;
}

std::string cut_middle(std::string_view text, std::size_t size) {
  if (text.size() <= size) return std::string(text);
  if (size < dots.size()) return {};
  const std::size_t kept = size - dots.size();
  std::string out(begin_of(text, kept * 2 / 5));
  out += dots;
  out += end_of(text, kept - kept * 2 / 5);
  return out;
}

std::string cut_words(std::string_view text, std::size_t size) {
  if (text.size() <= size) return std::string(text);
  // The greatest length of a word with which the text fits.
  std::size_t low = least_word;
  std::size_t high = std::max(size, low);
  while (low < high) {
    const std::size_t middle = low + (high - low + 1) / 2;
    if (size_with(text, middle) <= size)
      low = middle;
    else
      high = middle - 1;
  }
  std::string out;
  each_word(text, [&](std::string_view word) { out += cut_middle(word, low); });
  return cut_middle(out, size);
}

}  // namespace pinhook
