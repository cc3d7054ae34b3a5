#include <pinhook/base/utf8.hpp>

#include <gtest/gtest.h>

namespace pinhook {
namespace {

TEST(Utf8, KeepsWhatIsValid) {
  for (const char* text : {"", "plain", "caf\xc3\xa9", "\xe2\x98\x83", "\xf0\x9f\x90\xb3", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf4\x8f\xbf\xbf", "\x01\x7f"})
    EXPECT_EQ(valid_utf8(text), text);
  EXPECT_EQ(valid_utf8(std::string_view("a\0b", 3)), std::string_view("a\0b", 3));
}

TEST(Utf8, ReplacesEveryOtherByte) {
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(valid_utf8("a\xff"
                       "b"),
            "a" + bad + "b");
  EXPECT_EQ(valid_utf8("\x80"), bad);
  EXPECT_EQ(valid_utf8("\xc3"), bad);
  EXPECT_EQ(valid_utf8("\xe2\x98"), bad + bad);
  EXPECT_EQ(valid_utf8("\xc3\x28"), bad + "(");
  EXPECT_EQ(valid_utf8("\xc0\xaf"), bad + bad) << "overlong";
  EXPECT_EQ(valid_utf8("\xe0\x80\xaf"), bad + bad + bad) << "overlong";
  EXPECT_EQ(valid_utf8("\xf0\x80\x80\xaf"), bad + bad + bad + bad) << "overlong";
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), bad + bad + bad) << "surrogate";
  EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), bad + bad + bad + bad) << "above U+10FFFF";
  EXPECT_EQ(valid_utf8("\xf8\x88\x80\x80\x80"), bad + bad + bad + bad + bad);
  EXPECT_EQ(valid_utf8("\xe2\x98 x"), bad + bad + " x");
}

}  // namespace
TEST(FirstInvalidUtf8, IsTheOffsetOfTheFirstByteThatIsNone) {
  EXPECT_EQ(first_invalid_utf8(""), std::nullopt);
  EXPECT_EQ(first_invalid_utf8("caf\xc3\xa9"), std::nullopt);
  EXPECT_EQ(first_invalid_utf8("ab\xff"
                               "c\xff"),
            2U);
  EXPECT_EQ(first_invalid_utf8("\xc3\xa9\xed\xa0\x80"), 2U) << "surrogate";
  EXPECT_EQ(first_invalid_utf8("a\xe2\x98"), 1U) << "cut off";
}

}  // namespace pinhook
