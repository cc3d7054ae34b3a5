#include <pinhook/base/text.hpp>

#include <gtest/gtest.h>

#include <string>

namespace pinhook {
namespace {

TEST(Text, TrimsSpacesTabsAndLineEndsOfBothKinds) {
  EXPECT_EQ(trimmed(" \t a b\r\n"), "a b");
  EXPECT_EQ(trimmed("a"), "a");
  EXPECT_EQ(trimmed(" \n\r\t"), "");
  EXPECT_EQ(trimmed(""), "");
  EXPECT_EQ(trimmed("\va\f"), "\va\f") << "only what separates words and lines";
}

TEST(Text, EncodesEverythingButUnreservedCharacters) {
  EXPECT_EQ(percent_encoded("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(percent_encoded("repository:team/app:pull,push"), "repository%3Ateam%2Fapp%3Apull%2Cpush");
  EXPECT_EQ(percent_encoded(std::string("\0 +%\xc3\xa9", 6)), "%00%20%2B%25%C3%A9");
}

TEST(Text, TellsDigitsBlanksAndSpaces) {
  for (int code = -128; code < 128; ++code) {
    const char c = static_cast<char>(code);
    EXPECT_EQ(is_digit(c), std::string("0123456789").find(c) != std::string::npos) << code;
    EXPECT_EQ(is_blank(c), c == ' ' || c == '\t') << code;
    EXPECT_EQ(is_space(c), std::string(" \t\r\n").find(c) != std::string::npos) << code;
  }
}

}  // namespace
}  // namespace pinhook
