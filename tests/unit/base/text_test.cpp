#include <pinhook/base/text.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

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

TEST(Text, LettersAreThoseOfAscii) {
  EXPECT_EQ(lowered("Ghcr.IO/Acme_9\xc3\x84Z"), "ghcr.io/acme_9\xc3\x84z");
  for (int i = -128; i < 128; ++i) {
    const char c = static_cast<char>(i);
    EXPECT_EQ(is_lower(c), std::string_view("abcdefghijklmnopqrstuvwxyz").contains(c)) << i;
    EXPECT_EQ(is_upper(c), std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZ").contains(c)) << i;
    EXPECT_EQ(is_letter(c), is_lower(c) || is_upper(c)) << i;
    EXPECT_EQ(is_lower_hex(c), std::string_view("0123456789abcdef").contains(c)) << i;
    EXPECT_EQ(is_break(c), c == '\r' || c == '\n') << i;
  }
}

TEST(Text, CountsNouns) {
  EXPECT_EQ(counted_noun(0, "file"), "0 files");
  EXPECT_EQ(counted_noun(1, "file"), "1 file");
  EXPECT_EQ(counted_noun(12, "image"), "12 images");
}

}  // namespace
}  // namespace pinhook
