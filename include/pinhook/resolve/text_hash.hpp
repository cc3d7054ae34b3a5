// A hash of text for tables in memory: a third of the work of std::hash for a reference by digest.
//
//   const std::uint64_t at = text_hash(ref.canonical());
//
// Two words at a time are multiplied to 128 bits and folded, as in wyhash (https://github.com/wangyi-fudan/wyhash). The
// same in each process, and no secret: whoever chooses texts can make some of equal hashes, as with std::hash. Pure;
// any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pinhook::resolve {

namespace detail {

inline std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) {
  __extension__ using wide = unsigned __int128;
  const wide product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

template <class Word>
std::uint64_t word_at(const char* from) {
  Word out{};
  std::memcpy(&out, from, sizeof out);
  return out;
}

}  // namespace detail

[[nodiscard]] inline std::uint64_t text_hash(std::string_view text) {
  constexpr std::uint64_t first = 0xa0761d6478bd642f;
  constexpr std::uint64_t second = 0xe7037ed1a0b428db;
  constexpr std::size_t word = sizeof(std::uint64_t);
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t out = first;
  for (; left > 2 * word; at += 2 * word, left -= 2 * word)
    out = detail::folded_product(detail::word_at<std::uint64_t>(at) ^ second,
                                 detail::word_at<std::uint64_t>(at + word) ^ out);
  // The last 16 bytes or less, from both of their ends, which overlap.
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  if (left >= word) {
    a = detail::word_at<std::uint64_t>(at);
    b = detail::word_at<std::uint64_t>(at + left - word);
  } else if (left >= word / 2) {
    a = detail::word_at<std::uint32_t>(at);
    b = detail::word_at<std::uint32_t>(at + left - word / 2);
  } else if (left > 0) {
    a = detail::word_at<std::uint8_t>(at);
    b = detail::word_at<std::uint8_t>(at + left / 2) << 8U | detail::word_at<std::uint8_t>(at + left - 1);
  }
  out = detail::folded_product(a ^ second, b ^ out);
  return detail::folded_product(out ^ first, text.size() ^ second);
}

}  // namespace pinhook::resolve
