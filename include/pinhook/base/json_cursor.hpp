// A forward reader over raw JSON text that reads only the requested parts.
//
//   json::cursor c(text);
//   json::string key;
//   for (c.enter_object(); c.next_key(key);) {
//     if (key == "name")
//       name = c.read_text();
//     else
//       c.skip();
//   }
//   if (c.has_failed()) return fail(c.failure());
//
// Entered, compared and read values are checked as JSON. Skipped values are checked for closed strings and for as many
// closing as opening brackets, and nothing more: literals, escapes, commas and the kinds of brackets inside them are
// not checked. Nothing is copied, except by `decode` of a string that has escapes.
//
// A failure persists: from then on every call fails at once, `next_key` and `next_element` end their loops, and the
// caller checks once, at the end. Nothing recurses on the input. No byte outside the text is read. Duplicate keys are
// returned as they occur: the caller knows which ones matter.
//
// A copy of a cursor saves its place.
//
// Why not simdjson: its On-Demand reader (Debian's 3.0.1, AVX-512) finds the images of a review of 7 KB in 1.0 µs, and
// this one in 1.7 µs; of 200 KB in 24 µs and 29 µs. That is a small part of a warm answer, which takes some 140,000
// instructions. It would need a padded copy of the body, an index of up to four times its size for each thread, a
// reader that can go back (`has_images` looks ahead with a copy), and one interface in Debian 12 and 13.
//
// Thread rule: a cursor belongs to one thread; the text must stay while its views are used.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/json_string.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pinhook::json {

enum class kind : std::uint8_t { object, array, string, number, boolean, null, none };

class cursor {
 public:
  /// Before the first value of `text`.
  explicit cursor(std::string_view text) : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

  /// The kind of the next value, by its first byte; `none` at the end, after a failure, and for a byte that begins no
  /// value.
  [[nodiscard]] kind peek();

  /// Enters the next value, which must be an object.
  bool enter_object();
  /// Moves to the next member's value; false after the object's end. The value must be read, entered or skipped before
  /// the next call.
  [[nodiscard]] bool next_key(string& key);

  bool enter_array();
  /// Moves to the next element; false after the array's end.
  [[nodiscard]] bool next_element();

  /// Skips the next value and returns its text, without the white space around it.
  std::string_view skip();
  /// The next string, undecoded.
  string read_string();
  /// The next string, decoded.
  std::string read_text();
  bool read_bool();

  /// True when only white space is left.
  [[nodiscard]] bool is_at_end();
  /// The offset of the next value (after white space), in bytes from the start of the text.
  [[nodiscard]] std::size_t offset();

  /// The text from `begin`, an earlier `offset()`, to here.
  [[nodiscard]] std::string_view since(std::size_t begin) const {
    return {begin_ + begin, static_cast<std::size_t>(at_ - begin_) - begin};
  }

  /// Makes the cursor fail here, with the caller's reason: "a duplicate key".
  void reject(const char* reason) { fail_at(at_, reason); }
  [[nodiscard]] bool has_failed() const { return failed_; }
  /// malformed: "not valid JSON at byte 17: …". Only after has_failed().
  [[nodiscard]] error failure() const;

 private:
  void pass_space();
  string next_string();
  bool take_plain_key(string& key);
  bool expect(char c, const char* reason);
  bool fail_at(const char* where, const char* reason);
  void skip_brackets();
  void skip_text();
  void skip_literal();

  const char* begin_;
  const char* at_;
  const char* end_;
  // Entered, but no member or element read yet: no comma is expected.
  bool is_first_ = false;
  bool failed_ = false;
  std::size_t failed_at_ = 0;
  const char* reason_ = "";
};

}  // namespace pinhook::json
