#include <pinhook/base/utf8.hpp>

#include <array>
#include <cstddef>

namespace pinhook {
namespace {

// RFC 3629 §4, a row each: the lead bytes, the length, and the range of the second byte.
struct form {
  unsigned char first, last;
  std::size_t length;
  unsigned char second_first, second_last;
};
constexpr std::array<form, 8> forms{{{0xc2, 0xdf, 2, 0x80, 0xbf},
                                     {0xe0, 0xe0, 3, 0xa0, 0xbf},
                                     {0xe1, 0xec, 3, 0x80, 0xbf},
                                     {0xed, 0xed, 3, 0x80, 0x9f},
                                     {0xee, 0xef, 3, 0x80, 0xbf},
                                     {0xf0, 0xf0, 4, 0x90, 0xbf},
                                     {0xf1, 0xf3, 4, 0x80, 0xbf},
                                     {0xf4, 0xf4, 4, 0x80, 0x8f}}};

}  // namespace

utf8_character first_character(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  for (const auto& f : forms) {
    if (byte(0) < f.first || byte(0) > f.last) continue;
    if (text.size() < f.length) return {};
    if (byte(1) < f.second_first || byte(1) > f.second_last) return {};
    // The lead byte gives the bits after its ones and the zero, every other byte gives six.
    char32_t code = byte(0) & (0x7fU >> f.length);
    for (std::size_t i = 1; i < f.length; ++i) {
      if (i > 1 && (byte(i) < 0x80 || byte(i) > 0xbf)) return {};
      code = code << 6U | (byte(i) & 0x3fU);
    }
    return {code, f.length};
  }
  return {};
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = first_character(text).size;
    out += size == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

void append_utf8(std::string& out, char32_t code) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | (code >> shift & 0x3fU)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0U | code >> 6U);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0U | code >> 12U);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0U | code >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = first_character(text.substr(i)).size;
    if (size == 0) return i;
    i += size;
  }
  return std::nullopt;
}

}  // namespace pinhook
