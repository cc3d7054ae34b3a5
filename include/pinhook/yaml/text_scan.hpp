// Places in a text, found many bytes at a time: by SSE2 on x86, eight by eight elsewhere.
//
// Functions of their arguments alone: any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace pinhook::yaml {

/// What may end a plain scalar in a block, and a slash.
[[nodiscard]] constexpr bool is_mark(char c) noexcept { return c == '\n' || c == ':' || c == '#' || c == '/'; }

/// The first place from `at` on without a space, or the end.
[[nodiscard]] inline std::size_t behind_spaces(std::string_view text, std::size_t at) noexcept {
#if defined(__SSE2__)
  const __m128i space = _mm_set1_epi8(' ');
  for (; at + sizeof space <= text.size(); at += sizeof space) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const auto others = ~static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, space))) & 0xffffU;
    if (others != 0) return at + static_cast<std::size_t>(std::countr_zero(others));
  }
#endif
  constexpr std::uint64_t spaces = 0x2020202020202020U;
  if constexpr (std::endian::native == std::endian::little) {
    for (; at + sizeof spaces <= text.size(); at += sizeof spaces) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + at, sizeof word);
      if (word != spaces) return at + static_cast<std::size_t>(std::countr_zero(word ^ spaces)) / 8;
    }
  }
  while (at < text.size() && text[at] == ' ') ++at;
  return at;
}

/// The first place from `at` on with a mark, or the end.
[[nodiscard]] inline std::size_t find_mark(std::string_view text, std::size_t at) noexcept {
#if defined(__SSE2__)
  const __m128i feed = _mm_set1_epi8('\n');
  const __m128i colon = _mm_set1_epi8(':');
  const __m128i sign = _mm_set1_epi8('#');
  const __m128i slash = _mm_set1_epi8('/');
  for (; at + sizeof feed <= text.size(); at += sizeof feed) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, feed), _mm_cmpeq_epi8(bytes, colon)),
                                     _mm_or_si128(_mm_cmpeq_epi8(bytes, sign), _mm_cmpeq_epi8(bytes, slash)));
    if (const auto found = static_cast<std::uint32_t>(_mm_movemask_epi8(hit)); found != 0)
      return at + static_cast<std::size_t>(std::countr_zero(found));
  }
#endif
  while (at < text.size() && !is_mark(text[at])) ++at;
  return at;
}

/// The first place from `at` on of a word of one letter or more, or npos. For letters that texts have many of, where
/// std::string_view::find stops at each.
[[nodiscard]] inline std::size_t find_word(std::string_view text, std::string_view word, std::size_t at = 0) noexcept {
#if defined(__SSE2__)
  const std::size_t last = word.size() - 1;
  const __m128i first_letter = _mm_set1_epi8(word.front());
  const __m128i last_letter = _mm_set1_epi8(word.back());
  const auto bytes_at = [&](std::size_t from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + from));
  };
  for (; at + last + sizeof(__m128i) <= text.size(); at += sizeof(__m128i)) {
    const __m128i hit =
        _mm_and_si128(_mm_cmpeq_epi8(bytes_at(at), first_letter), _mm_cmpeq_epi8(bytes_at(at + last), last_letter));
    for (auto found = static_cast<std::uint32_t>(_mm_movemask_epi8(hit)); found != 0; found &= found - 1) {
      const std::size_t place = at + static_cast<std::size_t>(std::countr_zero(found));
      if (std::memcmp(text.data() + place, word.data(), word.size()) == 0) return place;
    }
  }
#endif
  return text.find(word, at);
}

}  // namespace pinhook::yaml
