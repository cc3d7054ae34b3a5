#include <pinhook/base/json_cursor.hpp>

#include <pinhook/base/json_bytes.hpp>

#include <fmt/core.h>

#include <array>
#include <bit>
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
std::uint64_t escaped_bytes(std::uint64_t backslash, bool& carry) {
  constexpr std::uint64_t even = 0x5555555555555555U;
  const std::uint64_t first = carry ? 1 : 0;
  backslash &= ~first;
  const std::uint64_t starts = backslash & ~(backslash << 1);
  const std::uint64_t behind_even = (backslash + (starts & even)) & ~backslash;
  const std::uint64_t behind_odd = (backslash + (starts & ~even)) & ~backslash;
  carry = std::countl_one(backslash) % 2 != 0;
  return first | (behind_even & ~even) | (behind_odd & even);
}

// Bit i: an odd number of bits is set up to and including i. Applied to quotes: the bytes from an opening quote to
// before its closing one.
std::uint64_t parity(std::uint64_t bits) {
  for (unsigned shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// Without a CPU instruction, std::popcount calls a function with a table.
unsigned count(std::uint64_t bits) {
  bits -= bits >> 1 & 0x5555555555555555U;
  bits = (bits & 0x3333333333333333U) + (bits >> 2 & 0x3333333333333333U);
  bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fU;
  return static_cast<unsigned>(bits * 0x0101010101010101U >> 56);
}

constexpr bool is_literal_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '-' || c == '.';
}

}  // namespace

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
    is_inside ^= count(m.quote) % 2 != 0;
  }
  return is_inside ? last_quote : std::string_view::npos;
}

void cursor::pass_space() {
  while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
}

bool cursor::fail_at(const char* where, const char* reason) {
  if (!failed_) {
    failed_ = true;
    failed_at_ = static_cast<std::size_t>(where - begin_);
    reason_ = reason;
    at_ = end_;
  }
  return false;
}

error cursor::failure() const {
  return {error_code::malformed, fmt::format("not valid JSON at byte {}: {}", failed_at_, reason_), std::nullopt};
}

std::size_t cursor::offset() {
  pass_space();
  return static_cast<std::size_t>(at_ - begin_);
}

bool cursor::is_at_end() {
  if (failed_) return false;
  pass_space();
  return at_ == end_;
}

kind cursor::peek() {
  pass_space();
  if (failed_ || at_ == end_) return kind::none;
  switch (*at_) {
    case '{':
      return kind::object;
    case '[':
      return kind::array;
    case '"':
      return kind::string;
    case 't':
    case 'f':
      return kind::boolean;
    case 'n':
      return kind::null;
    default:
      return *at_ == '-' || (*at_ >= '0' && *at_ <= '9') ? kind::number : kind::none;
  }
}

bool cursor::expect(char c, const char* reason) {
  pass_space();
  if (failed_) return false;
  if (at_ == end_ || *at_ != c) return fail_at(at_, reason);
  ++at_;
  return true;
}

bool cursor::enter_object() {
  is_first_ = true;
  return expect('{', "an object is expected");
}

bool cursor::enter_array() {
  is_first_ = true;
  return expect('[', "an array is expected");
}

bool cursor::next_key(string& key) {
  pass_space();
  if (failed_) return false;
  const bool was_first = is_first_;
  is_first_ = false;
  if (at_ < end_ && *at_ == '}') {
    ++at_;
    return false;
  }
  if (!was_first && !expect(',', "',' or '}' is expected")) return false;
  key = read_string();
  return expect(':', "':' is expected");
}

bool cursor::next_element() {
  pass_space();
  if (failed_) return false;
  const bool was_first = is_first_;
  is_first_ = false;
  if (at_ < end_ && *at_ == ']') {
    ++at_;
    return false;
  }
  if (!was_first && !expect(',', "',' or ']' is expected")) return false;
  return peek() != kind::none || fail_at(at_, "a value is expected");
}

string cursor::read_string() {
  if (!expect('"', "a string is expected")) return {};
  const char* const start = at_;
  string out;
  for (const char* p = start;;) {
    p = find_special(p, end_);
    if (p == end_) {
      fail_at(start - 1, "a string is not closed");
      return {};
    }
    if (*p == '"') {
      out.raw = {start, static_cast<std::size_t>(p - start)};
      at_ = p + 1;
      return out;
    }
    if (*p != '\\') {
      fail_at(p, "a control character in a string");
      return {};
    }
    out.has_escapes = true;
    p += end_ - p > 1 ? 2 : 1;
  }
}

std::string cursor::read_text() {
  pass_space();
  const char* const start = at_;
  const string text = read_string();
  std::string out;
  if (!text.append_to(out)) {
    fail_at(start, "a string with an invalid escape");
    out.clear();
  }
  return out;
}

bool cursor::read_bool() {
  pass_space();
  const auto rest = std::string_view(at_, static_cast<std::size_t>(end_ - at_));
  if (rest.starts_with("true")) {
    at_ += 4;
    return true;
  }
  if (rest.starts_with("false")) {
    at_ += 5;
    return false;
  }
  return fail_at(at_, "true or false is expected");
}

std::string_view cursor::skip() {
  pass_space();
  if (failed_) return {};
  const char* const start = at_;
  if (at_ == end_)
    fail_at(at_, "a value is expected");
  else if (*at_ == '{' || *at_ == '[')
    skip_brackets();
  else if (*at_ == '"')
    skip_text();
  else
    skip_literal();
  if (failed_) return {};
  return {start, static_cast<std::size_t>(at_ - start)};
}

void cursor::skip_literal() {
  const char* p = at_;
  while (p < end_ && is_literal_byte(*p)) ++p;
  if (p == at_)
    fail_at(p, "a value is expected");
  else
    at_ = p;
}

// Short strings end within the first step. Long ones are mostly JSON in an annotation, full of escaped quotes.
void cursor::skip_text() {
  const char* const start = at_ + 1;
  const auto size = static_cast<std::size_t>(end_ - start);
  if (size >= 16) {
    const char* const stop = find_special(start, start + 16);
    if (stop != start + 16 && *stop == '"') {
      at_ = stop + 1;
      return;
    }
  }
  bool carry = false;
  std::array<char, block_size> tail;
  for (std::size_t done = 0; done < size; done += block_size) {
    masks m = classify(block_at(start + done, size - done, tail));
    if (m.backslash != 0 || carry) m.quote &= ~escaped_bytes(m.backslash, carry);
    if (m.quote != 0) {
      at_ = start + done + std::countr_zero(m.quote) + 1;
      return;
    }
  }
  fail_at(at_, "a string is not closed");
}

// Invariant at the head of the loop: `depth` brackets are open; `in_string` (all bits or none) and `carry` hold the
// state at the end of the previous block.
void cursor::skip_brackets() {
  const char* const start = at_;
  const auto size = static_cast<std::size_t>(end_ - start);
  std::size_t depth = 0;
  std::uint64_t in_string = 0;
  bool carry = false;
  std::array<char, block_size> tail;
  for (std::size_t done = 0; done < size; done += block_size) {
    masks m = classify(block_at(start + done, size - done, tail));
    if (m.backslash != 0 || carry) m.quote &= ~escaped_bytes(m.backslash, carry);
    const std::uint64_t inside = parity(m.quote) ^ in_string;
    in_string = inside >> 63 != 0 ? ~std::uint64_t{0} : 0;
    m.open &= ~inside;
    m.close &= ~inside;
    if ((m.open | m.close) == 0) continue;
    const unsigned closing = count(m.close);
    if (closing < depth) {
      depth = depth + count(m.open) - closing;
      if (depth <= max_skipped_depth) continue;
      fail_at(start + done, "nested too deeply");
      return;
    }
    for (std::uint64_t both = m.open | m.close; both != 0; both &= both - 1) {
      const std::uint64_t bit = both & (~both + 1);
      if ((m.open & bit) != 0) {
        ++depth;
      } else if (--depth == 0) {
        at_ = start + done + std::countr_zero(bit) + 1;
        return;
      }
    }
  }
  fail_at(start, "an object or array is not closed");
}

}  // namespace pinhook::json
