#include <pinhook/base/wrapped_text.hpp>

#include <gtest/gtest.h>

#include <string>

namespace pinhook {
namespace {

TEST(WrappedText, BreaksAtBlanks) {
  const struct {
    const char* text;
    wrapping options;
    const char* wanted;
  } rows[] = {
      {"", {.width = 10}, ""},
      {"one two", {.width = 10}, "one two"},
      {"one two three", {.width = 10}, "one two\nthree"},
      {"one two three", {.width = 0}, "one two three"},
      {"one two three", {.width = 7}, "one two\nthree"},
      {"one two three", {.width = 6}, "one\ntwo\nthree"},
      {"one two three", {.width = 9, .indent = 2}, "  one two\n  three"},
      {"one two three", {.width = 9, .indent = 2, .hanging = 1}, "  one two\n   three"},
      {"a  b   c", {.width = 80}, "a  b   c"},
      {"  listed item here", {.width = 13, .hanging = 4}, "  listed item\n    here"},
      {"one\ntwo three\n", {.width = 5}, "one\ntwo\nthree\n"},
      {"one\n\ntwo", {.width = 5, .indent = 1}, " one\n\n two"},
      {"ends ", {.width = 80}, "ends"},
      // A word that is wider stays whole.
      {"a sha256:0123456789 b", {.width = 8}, "a\nsha256:0123456789\nb"},
      // Characters, not bytes.
      {"äöü äöü", {.width = 7}, "äöü äöü"},
      {"äöü äöü", {.width = 6}, "äöü\näöü"},
  };
  for (const auto& row : rows) EXPECT_EQ(wrapped(row.text, row.options), row.wanted) << row.text;
}

TEST(WrappedText, CountsCharacters) {
  EXPECT_EQ(columns_of(""), 0U);
  EXPECT_EQ(columns_of("a…b"), 3U);
}

}  // namespace
}  // namespace pinhook
