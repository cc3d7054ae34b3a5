#include <pinhook/base/json_cursor.hpp>

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pinhook::json {
namespace {

constexpr std::size_t block = 64;

// One bit a byte of a block of 64, lowest first.
struct masks {
  std::uint64_t quote = 0;
  std::uint64_t backslash = 0;
  std::uint64_t open = 0;
  std::uint64_t close = 0;
};

// '[' and '{' differ in bit 0x20 alone, and so do ']' and '}'; no other byte becomes '{' or '}' by setting it.
#if defined(__SSE2__)
masks classify(const char* p) {
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
#else
masks classify(const char* p) {
  masks m;
  for (unsigned i = 0; i < block; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    const char lowered = static_cast<char>(p[i] | 0x20);
    if (p[i] == '"') m.quote |= bit;
    if (p[i] == '\\') m.backslash |= bit;
    if (lowered == '{') m.open |= bit;
    if (lowered == '}') m.close |= bit;
  }
  return m;
}
#endif

// The bytes that a backslash before them makes ordinary. `carry`: the last block ended in such a backslash.
std::uint64_t escaped_bytes(std::uint64_t backslash, bool& carry) {
  std::uint64_t escaped = carry ? 1 : 0;
  backslash &= ~escaped;
  carry = false;
  while (backslash != 0) {
    const std::uint64_t first = backslash & (~backslash + 1);
    if (first >> 63 != 0) {
      carry = true;
      break;
    }
    escaped |= first << 1;
    backslash &= ~(first | first << 1);
  }
  return escaped;
}

// Bit i: an odd number of bits is set up to and including i. Over quotes: the bytes from an opening quote to before its
// closing one.
std::uint64_t parity(std::uint64_t bits) {
  for (unsigned shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// What a scan for the end of a string stops at.
bool is_special(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

// The first quote, backslash or control character in [p, end), or end.
const char* find_special(const char* p, const char* end) {
#if defined(__SSE2__)
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
#endif
  while (p < end && !is_special(*p)) ++p;
  return p;
}

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

void append_utf8(std::string& out, std::uint32_t point) {
  const auto tail = [point](unsigned shift) { return static_cast<char>(0x80 | (point >> shift & 0x3f)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | point >> 6);
    out += tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0 | point >> 12);
    out += tail(6);
    out += tail(0);
  } else {
    out += static_cast<char>(0xf0 | point >> 18);
    out += tail(12);
    out += tail(6);
    out += tail(0);
  }
}

// Reads what follows "\u" at `at` and moves `at` behind it.
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

constexpr bool is_literal_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '-' || c == '.';
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

bool cursor::expect(char c, const char* what) {
  pass_space();
  if (failed_) return false;
  if (at_ == end_ || *at_ != c) return fail_at(at_, what);
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
      fail_at(start - 1, "a string without its end");
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
    fail_at(start, "a string with a wrong escape");
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

void cursor::skip_text() {
  const char* const start = at_;
  for (const char* p = start + 1; p < end_;) {
    p = find_special(p, end_);
    if (p == end_) break;
    if (*p == '"') {
      at_ = p + 1;
      return;
    }
    p += *p == '\\' && end_ - p > 1 ? 2 : 1;
  }
  fail_at(start, "a string without its end");
}

// Invariant at the head of the loop: `p` begins a block; `depth` brackets are open and `in_string` (all bits or none)
// and `carry` say how the block before ended.
void cursor::skip_brackets() {
  const char* const start = at_;
  std::size_t depth = 0;
  std::uint64_t in_string = 0;
  bool carry = false;
  const auto size = static_cast<std::size_t>(end_ - start);
  for (std::size_t done = 0; done < size; done += block) {
    const char* const p = start + done;
    const std::size_t left = size - done;
    masks m;
    if (left >= block) {
      m = classify(p);
    } else {
      std::array<char, block> tail;
      tail.fill(' ');
      std::memcpy(tail.data(), p, left);
      m = classify(tail.data());
    }
    if (m.backslash != 0 || carry) m.quote &= ~escaped_bytes(m.backslash, carry);
    const std::uint64_t inside = parity(m.quote) ^ in_string;
    in_string = inside >> 63 != 0 ? ~std::uint64_t{0} : 0;
    m.open &= ~inside;
    m.close &= ~inside;
    const auto closing = static_cast<std::size_t>(std::popcount(m.close));
    if (closing < depth) {
      depth += static_cast<std::size_t>(std::popcount(m.open)) - closing;
      if (depth > max_skipped_depth) {
        fail_at(p, "nested too deeply");
        return;
      }
      continue;
    }
    for (std::uint64_t both = m.open | m.close; both != 0; both &= both - 1) {
      const std::uint64_t bit = both & (~both + 1);
      if ((m.open & bit) != 0) {
        ++depth;
      } else if (--depth == 0) {
        at_ = p + std::countr_zero(bit) + 1;
        return;
      }
    }
  }
  fail_at(start, "an object or array without its end");
}

}  // namespace pinhook::json
