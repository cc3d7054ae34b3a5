#include <pinhook/base/json_skip.hpp>

#include <pinhook/base/json_bytes.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace pinhook::json {
namespace {

// A whole block from `p`: the text itself, or its rest padded with spaces.
inline const char* block_at(const char* p, std::size_t left, std::array<char, block_size>& tail) {
  if (left >= block_size) return p;
  tail.fill(' ');
  std::memcpy(tail.data(), p, left);
  return tail.data();
}

// The bytes that a backslash before them makes ordinary. `carry`: the block before ended in such a backslash.
//
// A run of backslashes escapes the next byte when its length is odd: when it begins at an even place and ends before an
// odd one, or the other way round. Adding a run's first bit to the run carries to the place after it (Langdale and
// Lemire, "Parsing Gigabytes of JSON per Second", 2019, section 3.1.1).
inline std::uint64_t escaped_bytes(std::uint64_t backslash, bool& carry) {
  constexpr std::uint64_t even = 0x5555555555555555U;
  const std::uint64_t first = carry ? 1 : 0;
  backslash &= ~first;
  const std::uint64_t starts = backslash & ~(backslash << 1);
  const std::uint64_t behind_even = (backslash + (starts & even)) & ~backslash;
  const std::uint64_t behind_odd = (backslash + (starts & ~even)) & ~backslash;
  carry = std::countl_one(backslash) % 2 != 0;
  return first | (behind_even & ~even) | (behind_odd & even);
}

// Invariant at the head of the loop: `depth` brackets are open; `in_string` (all bits or none) and `carry` hold the
// state at the end of the previous block.
template <typename Kernel>
inline bracket_end past_brackets_by(const char* const begin, const char* const end) {
  const auto size = static_cast<std::size_t>(end - begin);
  std::size_t depth = 0;
  std::uint64_t in_string = 0;
  bool carry = false;
  std::array<char, block_size> tail;
  for (std::size_t done = 0; done < size; done += block_size) {
    masks m = Kernel::classify(block_at(begin + done, size - done, tail));
    if (m.backslash != 0 || carry) m.quote &= ~escaped_bytes(m.backslash, carry);
    const std::uint64_t inside = Kernel::parity(m.quote) ^ in_string;
    in_string = inside >> 63 != 0 ? ~std::uint64_t{0} : 0;
    m.open &= ~inside;
    m.close &= ~inside;
    if ((m.open | m.close) == 0) continue;
    const unsigned closing = Kernel::count(m.close);
    if (closing < depth) {
      depth = depth + Kernel::count(m.open) - closing;
      if (depth <= max_skipped_depth) continue;
      return {.too_deep = begin + done};
    }
    // The end may be here: each closing bracket is compared with the opening ones before it.
    for (std::uint64_t left = m.close; left != 0; left &= left - 1) {
      const std::uint64_t bit = left & (~left + 1);
      if (--depth + Kernel::count(m.open & (bit - 1)) == 0) return {.past = begin + done + std::countr_zero(bit) + 1};
    }
    depth += Kernel::count(m.open);
  }
  return {};
}

template <typename Kernel>
inline const char* past_string_by(const char* const begin, const char* const end) {
  const auto size = static_cast<std::size_t>(end - begin);
  bool carry = false;
  std::array<char, block_size> tail;
  for (std::size_t done = 0; done < size; done += block_size) {
    masks m = Kernel::classify(block_at(begin + done, size - done, tail));
    if (m.backslash != 0 || carry) m.quote &= ~escaped_bytes(m.backslash, carry);
    if (m.quote != 0) return begin + done + std::countr_zero(m.quote) + 1;
  }
  return nullptr;
}

struct skipper {
  bracket_end (*past_brackets)(const char* begin, const char* end);
  const char* (*past_string)(const char* begin, const char* end);
};

constexpr skipper plain_skipper = {past_brackets_by<kernel>, past_string_by<kernel>};

#if defined(__SSE2__)

// What is called in them is compiled for the same target, which takes that it becomes a part of them.
[[gnu::target("avx2,bmi,popcnt,pclmul"), gnu::flatten]] bracket_end wide_past_brackets(const char* begin,
                                                                                       const char* end) {
  return past_brackets_by<wide_kernel>(begin, end);
}

[[gnu::target("avx2,bmi,popcnt,pclmul"), gnu::flatten]] const char* wide_past_string(const char* begin,
                                                                                     const char* end) {
  return past_string_by<wide_kernel>(begin, end);
}

const skipper chosen = wide_kernel::is_supported() ? skipper{wide_past_brackets, wide_past_string} : plain_skipper;

#else

constexpr const skipper& chosen = plain_skipper;

#endif

}  // namespace

bracket_end past_brackets(const char* begin, const char* end) { return chosen.past_brackets(begin, end); }

const char* past_string(const char* begin, const char* end) { return chosen.past_string(begin, end); }

std::size_t open_string(std::string_view text) {
  std::size_t last_quote = std::string_view::npos;
  bool is_inside = false;
  bool carry = false;
  std::array<char, block_size> tail;
  for (std::size_t done = 0; done < text.size(); done += block_size) {
    masks m = classify(block_at(text.data() + done, text.size() - done, tail));
    if (m.backslash != 0 || carry) m.quote &= ~escaped_bytes(m.backslash, carry);
    if (m.quote == 0) continue;
    last_quote = done + 63 - static_cast<std::size_t>(std::countl_zero(m.quote));
    is_inside ^= kernel::count(m.quote) % 2 != 0;
  }
  return is_inside ? last_quote : std::string_view::npos;
}

}  // namespace pinhook::json
