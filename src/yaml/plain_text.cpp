#include <pinhook/yaml/plain_text.hpp>

#include <pinhook/base/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace pinhook::yaml {
namespace {

// True when the text has no control characters but line feeds. `has_high`: it has more than ASCII.
bool has_no_controls(std::string_view text, bool& has_high) {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  constexpr std::uint64_t highs = ones * 0x80U;
  constexpr std::uint64_t lows = ~highs;
  const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20U && c != '\n') || c == '\x7f'; };
  // A high bit for each byte that is zero.
  const auto zeros = [](std::uint64_t word) { return ~(((word & lows) + lows) | word) & highs; };
  std::uint64_t seen = 0;
  std::size_t at = 0;
#if defined(__SSE2__)
  const __m128i space = _mm_set1_epi8(' ');
  const __m128i feed = _mm_set1_epi8('\n');
  const __m128i del = _mm_set1_epi8('\x7f');
  __m128i all = _mm_setzero_si128();
  for (; at + sizeof space <= text.size(); at += sizeof space) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    all = _mm_or_si128(all, bytes);
    const __m128i visible = _mm_cmpeq_epi8(_mm_max_epu8(bytes, space), bytes);
    const __m128i good =
        _mm_andnot_si128(_mm_cmpeq_epi8(bytes, del), _mm_or_si128(visible, _mm_cmpeq_epi8(bytes, feed)));
    if (_mm_movemask_epi8(good) != 0xffff) return false;
  }
  if (_mm_movemask_epi8(all) != 0) seen = highs;
#endif
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    seen |= word;
    const std::uint64_t below_space = ~(((word & lows) + ones * (0x80U - 0x20U)) | word) & highs;
    if (((below_space & ~zeros(word ^ (ones * '\n'))) | zeros(word ^ (ones * 0x7fU))) != 0) return false;
  }
  for (; at < text.size(); ++at) {
    if (is_control(text[at])) return false;
    seen |= static_cast<unsigned char>(text[at]);
  }
  has_high = (seen & highs) != 0;
  return true;
}

// True for text beyond ASCII in which only line feeds end lines: no C1 controls, U+2028, U+2029, byte order marks.
bool has_plain_characters(std::string_view text) {
  if (first_invalid_utf8(text)) return false;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (byte(at) == 0xc2U && byte(at + 1) < 0xa0U) return false;
    if (byte(at) == 0xe2U && byte(at + 1) == 0x80U && (byte(at + 2) == 0xa8U || byte(at + 2) == 0xa9U)) return false;
    if (byte(at) == 0xefU && byte(at + 1) >= 0xbbU) return false;
  }
  return true;
}

}  // namespace

plain_text plain_text_of(std::string_view text) {
  bool has_high = false;
  if (!has_no_controls(text, has_high)) return plain_text::none;
  if (!has_high) return plain_text::ascii;
  return has_plain_characters(text) ? plain_text::unicode : plain_text::none;
}

}  // namespace pinhook::yaml
