// The bytes that give JSON its structure, found many at a time: by SSE2 on x86, by NEON on 64-bit Arm, one by one
// elsewhere. All three find the same; the other two are tested against `plain`.
//
//   const masks m = classify(text);              // a bit for each of 64 bytes
//   const char* stop = find_special(text, end);
//
// Functions of their arguments alone: any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__AARCH64EL__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace pinhook::json {

/// The bytes that `classify` looks at.
inline constexpr std::size_t block_size = 64;

/// One bit for each byte of a block, lowest first.
struct masks {
  std::uint64_t quote = 0;
  std::uint64_t backslash = 0;
  /// '[' or '{'.
  std::uint64_t open = 0;
  /// ']' or '}'.
  std::uint64_t close = 0;

  friend bool operator==(const masks&, const masks&) = default;
};

/// A byte at which a scan for the end of a string stops: a quote, a backslash or a control character.
inline bool is_special(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

// '[' and '{' differ in bit 0x20 alone, and so do ']' and '}'; no other byte becomes '{' or '}' by setting it.
namespace plain {

inline masks classify(const char* p) {
  masks m;
  for (unsigned i = 0; i < block_size; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    const char lowered = static_cast<char>(p[i] | 0x20);
    if (p[i] == '"') m.quote |= bit;
    if (p[i] == '\\') m.backslash |= bit;
    if (lowered == '{') m.open |= bit;
    if (lowered == '}') m.close |= bit;
  }
  return m;
}

inline const char* find_special(const char* p, const char* end) {
  while (p < end && !is_special(*p)) ++p;
  return p;
}

}  // namespace plain

#if defined(__SSE2__)

inline masks classify(const char* p) {
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i lower = _mm_set1_epi8(0x20);
  const __m128i open = _mm_set1_epi8('{');
  const __m128i close = _mm_set1_epi8('}');
  masks m;
  for (unsigned i = 0; i < 4; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i * 16));
    const __m128i lowered = _mm_or_si128(bytes, lower);
    const auto bits = [i](__m128i equal) {
      return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(equal))) << (i * 16);
    };
    m.quote |= bits(_mm_cmpeq_epi8(bytes, quote));
    m.backslash |= bits(_mm_cmpeq_epi8(bytes, backslash));
    m.open |= bits(_mm_cmpeq_epi8(lowered, open));
    m.close |= bits(_mm_cmpeq_epi8(lowered, close));
  }
  return m;
}

inline const char* find_special(const char* p, const char* end) {
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1f);
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(bytes, last_control), last_control);
    const __m128i hit =
        _mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    const auto found = static_cast<std::uint32_t>(_mm_movemask_epi8(hit));
    if (found != 0) return p + std::countr_zero(found);
  }
  return plain::find_special(p, end);
}

#elif defined(__AARCH64EL__) && defined(__ARM_NEON)

// A bit for each of 64 bytes that are all ones or zero. NEON has no instruction for it: each byte keeps the bit of its
// place among eight, and pairwise sums bring eight of them into one byte.
inline std::uint64_t bits_of(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
  const uint8x16_t place = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201U));
  const uint8x16_t low = vpaddq_u8(vandq_u8(a, place), vandq_u8(b, place));
  const uint8x16_t high = vpaddq_u8(vandq_u8(c, place), vandq_u8(d, place));
  const uint8x16_t quarters = vpaddq_u8(low, high);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(quarters, quarters)), 0);
}

inline masks classify(const char* p) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(p);
  const uint8x16_t a = vld1q_u8(bytes), b = vld1q_u8(bytes + 16), c = vld1q_u8(bytes + 32), d = vld1q_u8(bytes + 48);
  const auto equal = [&](char wanted, std::uint8_t set) {
    const uint8x16_t value = vdupq_n_u8(static_cast<std::uint8_t>(wanted)), bit = vdupq_n_u8(set);
    return bits_of(vceqq_u8(vorrq_u8(a, bit), value), vceqq_u8(vorrq_u8(b, bit), value),
                   vceqq_u8(vorrq_u8(c, bit), value), vceqq_u8(vorrq_u8(d, bit), value));
  };
  return {.quote = equal('"', 0), .backslash = equal('\\', 0), .open = equal('{', 0x20), .close = equal('}', 0x20)};
}

inline const char* find_special(const char* p, const char* end) {
  for (; end - p >= 16; p += 16) {
    const uint8x16_t bytes = vld1q_u8(reinterpret_cast<const std::uint8_t*>(p));
    const uint8x16_t hit = vorrq_u8(vcltq_u8(bytes, vdupq_n_u8(0x20)),
                                    vorrq_u8(vceqq_u8(bytes, vdupq_n_u8('"')), vceqq_u8(bytes, vdupq_n_u8('\\'))));
    // Four bits for each byte.
    const std::uint64_t found = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(hit), 4)), 0);
    if (found != 0) return p + std::countr_zero(found) / 4;
  }
  return plain::find_special(p, end);
}

#else

using plain::classify;
using plain::find_special;

#endif

}  // namespace pinhook::json
