// The bytes that give JSON its structure, found many at a time: by SSE2 on x86, by NEON on 64-bit Arm, one by one
// elsewhere. All three find the same; the other two are tested against `plain`.
//
//   const masks m = classify(text);              // a bit for each of 64 bytes
//   const char* stop = find_special(text, end);
//
// A `kernel` is `classify` with the operations on masks that go with it. `wide_kernel` is that of newer x86 processors,
// for functions that are chosen when the program runs.
//
// Functions of their arguments alone: any thread.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
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

/// A byte that a writer of strings looks at: a special one, DEL, or one that is not ASCII.
inline bool is_remarkable(char c) { return is_special(c) || static_cast<unsigned char>(c) >= 0x7f; }

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

inline const char* find_remarkable(const char* p, const char* end) {
  while (p < end && !is_remarkable(*p)) ++p;
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

// A bit for each remarkable byte of 16.
inline std::uint32_t remarkable_bits(const char* p) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  // As signed numbers, those that are not ASCII are below the controls.
  const __m128i outside =
      _mm_or_si128(_mm_cmpgt_epi8(_mm_set1_epi8(0x20), bytes), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
  const __m128i hit = _mm_or_si128(
      outside, _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(hit));
}

inline const char* find_remarkable(const char* p, const char* end) {
  for (; end - p >= 16; p += 16)
    if (const std::uint32_t found = remarkable_bits(p); found != 0) return p + std::countr_zero(found);
  return plain::find_remarkable(p, end);
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

// All ones for each special byte.
inline uint8x16_t special_bytes(uint8x16_t bytes) {
  return vorrq_u8(vcltq_u8(bytes, vdupq_n_u8(0x20)),
                  vorrq_u8(vceqq_u8(bytes, vdupq_n_u8('"')), vceqq_u8(bytes, vdupq_n_u8('\\'))));
}

// Four bits for each byte.
inline std::uint64_t nibbles_of(uint8x16_t hit) {
  return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(hit), 4)), 0);
}

inline const char* find_special(const char* p, const char* end) {
  for (; end - p >= 16; p += 16) {
    const std::uint64_t found = nibbles_of(special_bytes(vld1q_u8(reinterpret_cast<const std::uint8_t*>(p))));
    if (found != 0) return p + std::countr_zero(found) / 4;
  }
  return plain::find_special(p, end);
}

inline std::uint64_t remarkable_bits(const char* p) {
  const uint8x16_t bytes = vld1q_u8(reinterpret_cast<const std::uint8_t*>(p));
  return nibbles_of(vorrq_u8(special_bytes(bytes), vcgeq_u8(bytes, vdupq_n_u8(0x7f))));
}

inline const char* find_remarkable(const char* p, const char* end) {
  for (; end - p >= 16; p += 16)
    if (const std::uint64_t found = remarkable_bits(p); found != 0) return p + std::countr_zero(found) / 4;
  return plain::find_remarkable(p, end);
}

#else

using plain::classify;
using plain::find_remarkable;
using plain::find_special;

inline std::uint32_t remarkable_bits(const char* p) { return find_remarkable(p, p + 16) == p + 16 ? 0 : 1; }

#endif

/// No byte of the text is remarkable. For short texts, whose last bytes are looked at together, not one by one.
inline bool is_plain(const char* p, std::size_t size) {
  constexpr std::size_t word = sizeof(std::uint64_t);
  constexpr std::size_t step = 2 * word;
  if (size >= step) {
    const char* const last = p + size - step;
    for (; p < last; p += step)
      if (remarkable_bits(p) != 0) return false;
    return remarkable_bits(last) == 0;
  }
  std::array<char, step> padded;
  if (size >= word) {
    std::memcpy(padded.data(), p, word);
    std::memcpy(padded.data() + word, p + size - word, word);
  } else {
    padded.fill(' ');
    if (size >= word / 2) {
      std::memcpy(padded.data(), p, word / 2);
      std::memcpy(padded.data() + word / 2, p + size - word / 2, word / 2);
    } else if (size != 0) {
      padded[0] = p[0];
      padded[1] = p[size / 2];
      padded[2] = p[size - 1];
    }
  }
  return remarkable_bits(padded.data()) == 0;
}

/// What every processor that this is compiled for has.
struct kernel {
  static masks classify(const char* p) { return json::classify(p); }

  /// Bit i: an odd number of bits is set up to and including i. Applied to quotes: the bytes from an opening quote to
  /// before its closing one.
  static std::uint64_t parity(std::uint64_t bits) {
    for (unsigned shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
    return bits;
  }

  /// The number of bits. Without a CPU instruction, std::popcount calls a function with a table.
  static unsigned count(std::uint64_t bits) {
    bits -= bits >> 1 & 0x5555555555555555U;
    bits = (bits & 0x3333333333333333U) + (bits >> 2 & 0x3333333333333333U);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fU;
    return static_cast<unsigned>(bits * 0x0101010101010101U >> 56);
  }
};

#if defined(__SSE2__)
/// AVX2 and what came with it; only in functions with the same target.
struct wide_kernel {
  [[gnu::target("avx2,bmi,popcnt,pclmul")]] static masks classify(const char* p) {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32));
    const __m256i lower = _mm256_set1_epi8(0x20);
    const __m256i lowered_low = _mm256_or_si256(low, lower);
    const __m256i lowered_high = _mm256_or_si256(high, lower);
    return {.quote = bits(low, high, '"'),
            .backslash = bits(low, high, '\\'),
            .open = bits(lowered_low, lowered_high, '{'),
            .close = bits(lowered_low, lowered_high, '}')};
  }

  [[gnu::target("avx2,bmi,popcnt,pclmul")]] static std::uint64_t parity(std::uint64_t bits) {
    // A product without carries by all ones sums the bits up to each place.
    const __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<long long>(bits)), _mm_set1_epi8(-1), 0);
    return static_cast<std::uint64_t>(_mm_cvtsi128_si64(product));
  }

  [[gnu::target("avx2,bmi,popcnt,pclmul")]] static unsigned count(std::uint64_t bits) {
    return static_cast<unsigned>(__builtin_popcountll(bits));
  }

  /// True where this processor has the instructions.
  static bool is_supported() {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt") &&
           __builtin_cpu_supports("pclmul");
  }

 private:
  [[gnu::target("avx2,bmi,popcnt,pclmul")]] static std::uint64_t bits(__m256i low, __m256i high, char wanted) {
    const __m256i each = _mm256_set1_epi8(wanted);
    const auto first = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, each)));
    const auto second = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, each)));
    return first | static_cast<std::uint64_t>(second) << 32;
  }
};
#endif

}  // namespace pinhook::json
