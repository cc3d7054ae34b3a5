#include <pinhook/base/base64.hpp>

#include <openssl/evp.h>

#include <cstddef>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace pinhook {
namespace {

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

#if defined(__x86_64__)
bool is_wide() { return __builtin_cpu_supports("ssse3") != 0; }

// 12 bytes become 16 characters at a time, by the method of http://0x80.pl/notesen/2016-01-12-sse-base64-encoding.html.
// Reads 16 bytes, so it ends before the last of them; gives the number of bytes that were encoded.
[[gnu::target("ssse3")]] std::size_t encode_wide(char* out, std::string_view bytes) {
  // Each group of three bytes as b, a, c, b: two numbers of 16 bits that hold two digits each.
  const __m128i spread = _mm_set_epi8(10, 11, 9, 10, 7, 8, 6, 7, 4, 5, 3, 4, 1, 2, 0, 1);
  // The distance from a digit to its character, by class: a–z, ten digits, plus, slash, A–Z.
  const __m128i distances = _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                                          '0' - 52, '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
  std::size_t done = 0;
  for (; done + 16 <= bytes.size(); done += 12, out += 16) {
    const __m128i read = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + done));
    const __m128i groups = _mm_shuffle_epi8(read, spread);
    // Multiplication shifts each number by another distance.
    const __m128i odd = _mm_mulhi_epu16(_mm_and_si128(groups, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
    const __m128i even = _mm_mullo_epi16(_mm_and_si128(groups, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
    const __m128i digits = _mm_or_si128(odd, even);
    // 0 for a–z, 1 to 12 for what is behind it, 13 for A–Z.
    const __m128i is_capital = _mm_cmpgt_epi8(_mm_set1_epi8(26), digits);
    const __m128i classes =
        _mm_or_si128(_mm_subs_epu8(digits, _mm_set1_epi8(51)), _mm_and_si128(is_capital, _mm_set1_epi8(13)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_add_epi8(_mm_shuffle_epi8(distances, classes), digits));
  }
  return done;
}
#else
bool is_wide() { return false; }
std::size_t encode_wide(char*, std::string_view) { return 0; }
#endif

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  unsigned bits = 0;
  unsigned pending = 0;  // bits that have not become a byte
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int digit = digit_of(c);
    if (digit < 0 || padding != 0) return std::nullopt;
    ++digits;
    bits = (bits << 6U | static_cast<unsigned>(digit)) & 0xfffU;
    pending += 6;
    if (pending < 8) continue;
    pending -= 8;
    out += static_cast<char>(bits >> pending & 0xffU);
  }
  const bool is_whole = padding == 0 || (padding <= 2 && (digits + padding) % 4 == 0);
  if (digits % 4 == 1 || !is_whole) return std::nullopt;
  return out;
}

void append_base64(std::string& out, std::string_view bytes) {
  const std::size_t start = out.size();
  const std::size_t size = start + (bytes.size() + 2) / 3 * 4;
  // EVP_EncodeBlock writes a NUL after its output.
  out.resize_and_overwrite(size + 1, [&](char* to, std::size_t) {
    std::size_t done = 0;
    if (is_wide()) done = encode_wide(to + start, bytes);
    const std::string_view rest = bytes.substr(done);
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(to + start + done / 3 * 4),
                    reinterpret_cast<const unsigned char*>(rest.data()), static_cast<int>(rest.size()));
    return size;
  });
}

std::string encode_base64(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

}  // namespace pinhook
