#include <pinhook/base/json_string.hpp>

#include <pinhook/base/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace pinhook::json {
namespace {

constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Four hexadecimal digits at `at`; negative when there are none.
std::int32_t unit_at(std::string_view text, std::size_t at) {
  if (text.size() < 4 || at > text.size() - 4) return -1;
  std::int32_t unit = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const int digit = hex_digit(text[at + i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

// Reads the digits after "\u" at `at` and moves `at` past them.
bool append_unicode(std::string& out, std::string_view raw, std::size_t& at) {
  const std::int32_t first = unit_at(raw, at);
  if (first < 0) return false;
  at += 4;
  auto point = static_cast<std::uint32_t>(first);
  if (point >= 0xdc00 && point < 0xe000) return false;
  if (point >= 0xd800 && point < 0xdc00) {
    if (raw.substr(at, 2) != "\\u") return false;
    const std::int32_t second = unit_at(raw, at + 2);
    if (second < 0xdc00 || second >= 0xe000) return false;
    at += 6;
    point = 0x10000 + (point - 0xd800) * 0x400 + (static_cast<std::uint32_t>(second) - 0xdc00);
  }
  append_utf8(out, point);
  return true;
}

constexpr char simple_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

}  // namespace

bool string::append_to(std::string& out) const {
  if (!has_escapes) {
    out += raw;
    return true;
  }
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t stop = std::min(raw.find('\\', at), raw.size());
    out += raw.substr(at, stop - at);
    if (stop == raw.size()) return true;
    if (stop + 1 == raw.size()) return false;
    const char letter = raw[stop + 1];
    at = stop + 2;
    if (letter == 'u') {
      if (!append_unicode(out, raw, at)) return false;
    } else if (const char plain = simple_escape(letter); plain != 0) {
      out += plain;
    } else {
      return false;
    }
  }
  return true;
}

bool string::equals_decoded(std::string_view text) const {
  // An escape makes a string longer, never shorter; the longest, \u00XX, is six bytes for one.
  if (raw.size() <= text.size() || raw.size() / 6 > text.size()) return false;
  std::string decoded;
  return append_to(decoded) && decoded == text;
}

}  // namespace pinhook::json
