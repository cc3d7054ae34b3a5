// A streaming JSON writer. It makes every JSON output of the program, except where a few members are put together by
// hand with `append_string`. RapidJSON's own writers are not used: with SSE2 those of 1.1 leave control characters raw
// (writer.h compares with 0x19 for 0x1f), so that the output is not JSON.
//
//   json::writer out;
//   out.open_object();
//   out.member("name", "web");
//   out.key("ports"), out.open_array(), out.number(80), out.close_array();
//   out.close_object();
//   std::move(out).text();          // {"name":"web","ports":[80]}
//
// One thread. Asserted: all that is opened is closed, and a key precedes each value of an object.
#pragma once

#include <pinhook/base/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::json {

class writer {
 public:
  /// 0: all in one line. Else each member and element has a line, `indent` spaces deeper than its container.
  explicit writer(std::size_t indent = 0) : indent_(indent) {}

  /// Makes room for a text of `size` bytes.
  void reserve(std::size_t size) { out_.reserve(size); }

  void open_object() { open('{'); }
  void close_object() { close('}'); }
  void open_array() { open('['); }
  void close_array() { close(']'); }
  void key(std::string_view name);

  void string(std::string_view text);
  void number(std::int64_t n);
  void number(std::uint64_t n);
  void number(int n) { number(std::int64_t{n}); }
  /// The shortest text that reads as the same; null for a value that is not a number.
  void number(double n);
  void boolean(bool b);
  void null();
  /// A whole tree.
  void tree(const value& v);

  void member(std::string_view name, std::string_view text) {
    key(name);
    string(text);
  }

  [[nodiscard]] std::string text() &&;

 private:
  void begin_value();
  void open(char bracket);
  void close(char bracket);
  void start_line();

  std::string out_;
  std::size_t indent_;
  /// For each open object and array the number of its members or elements so far.
  std::vector<std::size_t> counts_;
  bool has_key_ = false;
};

/// The tree in one line.
[[nodiscard]] std::string to_text(const value& v);

}  // namespace pinhook::json
