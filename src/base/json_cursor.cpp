#include <pinhook/base/json_cursor.hpp>

#include <pinhook/base/json_bytes.hpp>
#include <pinhook/base/json_skip.hpp>

#include <fmt/core.h>

namespace pinhook::json {
namespace {

constexpr bool is_literal_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '-' || c == '.';
}

}  // namespace

// These three are parts of every step: they are compiled into their callers.
[[gnu::always_inline]] inline void cursor::pass_space() {
  // Compact JSON has none.
  if (at_ < end_ && *at_ > ' ') return;
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

[[gnu::always_inline]] inline bool cursor::expect(char c, const char* reason) {
  pass_space();
  if (failed_) return false;
  if (at_ == end_ || *at_ != c) return fail_at(at_, reason);
  ++at_;
  return true;
}

[[gnu::always_inline]] inline string cursor::next_string() {
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

bool cursor::enter_object() {
  is_first_ = true;
  return expect('{', "an object is expected");
}

bool cursor::enter_array() {
  is_first_ = true;
  return expect('[', "an array is expected");
}

// Most keys are written as encoders write them: `,"key":`, of a few letters and with more behind. False: this one is
// not, and nothing was read.
[[gnu::always_inline]] inline bool cursor::take_plain_key(string& key) {
  constexpr std::ptrdiff_t step = 16;
  constexpr std::ptrdiff_t around = 3;
  const char* p = at_;
  if (end_ - p < step + around || (!is_first_ && *p++ != ',') || *p++ != '"') return false;
  const char* const stop = find_special(p, p + step);
  if (stop == p + step || *stop != '"' || stop[1] != ':') return false;
  key.raw = {p, static_cast<std::size_t>(stop - p)};
  key.has_escapes = false;
  is_first_ = false;
  at_ = stop + 2;
  return true;
}

bool cursor::next_key(string& key) {
  if (take_plain_key(key)) return true;
  pass_space();
  if (failed_) return false;
  const bool was_first = is_first_;
  is_first_ = false;
  if (at_ < end_ && *at_ == '}') {
    ++at_;
    return false;
  }
  if (!was_first && !expect(',', "',' or '}' is expected")) return false;
  key = next_string();
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

string cursor::read_string() { return next_string(); }

std::string cursor::read_text() {
  pass_space();
  const char* const start = at_;
  const string text = next_string();
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

// Short strings end within the first step.
void cursor::skip_text() {
  const char* const start = at_ + 1;
  if (end_ - start >= 16) {
    const char* const stop = find_special(start, start + 16);
    if (stop != start + 16 && *stop == '"') {
      at_ = stop + 1;
      return;
    }
  }
  if (const char* const past = past_string(start, end_))
    at_ = past;
  else
    fail_at(at_, "a string is not closed");
}

void cursor::skip_brackets() {
  const bracket_end found = past_brackets(at_, end_);
  if (found.past == nullptr)
    fail_at(found.too_deep != nullptr ? found.too_deep : at_,
            found.too_deep != nullptr ? "nested too deeply" : "an object or array is not closed");
  else
    at_ = found.past;
}

}  // namespace pinhook::json
