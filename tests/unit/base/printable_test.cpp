#include <pinhook/base/printable.hpp>

#include "support/hostile_text.hpp"

#include <pinhook/base/error.hpp>
#include <pinhook/base/utf8.hpp>

#include <gtest/gtest.h>

namespace pinhook {
namespace {

TEST(Printable, WritesWhatATerminalObeysOrNobodySees) {
  EXPECT_EQ(printable("plain é ☃ \xf0\x9f\x90\xb3"), "plain é ☃ \xf0\x9f\x90\xb3");
  EXPECT_EQ(printable("a\x1b[31m\tb\r\nc\x7f"), "a\\x1b[31m\\x09b\\x0d\\x0ac\\x7f");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\x9b31m");
  EXPECT_EQ(printable("gnp.\xe2\x80\xae"
                      "exe"),
            "gnp.\\u202eexe");
  EXPECT_EQ(printable("\xd8\x9c"), "\\u061c");
  EXPECT_EQ(printable("\xe2\x80\xa8\xe2\x80\xa9"), "\\u2028\\u2029");
  EXPECT_EQ(printable("a\xff\xe2\x98"), "a\\xff\\xe2\\x98");
}

TEST(Printable, DoneTwiceItDoesNothing) {
  for (const std::string& c : testing::hostile_characters()) {
    const std::string once = printable(c);
    EXPECT_EQ(printable(once), once);
    for (std::string_view rest = once; !rest.empty(); rest.remove_prefix(first_character(rest).size)) {
      ASSERT_NE(first_character(rest).size, 0U);
      EXPECT_TRUE(is_printable(first_character(rest).code)) << once;
    }
  }
}

TEST(Printable, QuotesUseTheSameEscapes) {
  for (const std::string& c : testing::hostile_characters()) {
    if (c == "\"" || c == "\\" || is_printable(first_character(c).code)) continue;
    EXPECT_EQ(pinhook::quoted(c), "\"" + printable(c) + "\"");
  }
}

TEST(Cut, KeepsTheBeginTheEndOrBoth) {
  EXPECT_EQ(cut("abcdefghij", 10), "abcdefghij");
  EXPECT_EQ(cut("abcdefghijk", 10), "abcdefg…");
  EXPECT_EQ(cut_begin("abcdefghijk", 10), "…efghijk");
  EXPECT_EQ(cut_middle("abcdefghijk", 10), "ab…ghijk");
  EXPECT_EQ(cut_middle("registry.example/a/b/api:v1", 19), "regist…a/b/api:v1");
}

TEST(Cut, IsNeverLongerAndNeverWithinACharacter) {
  const std::string text = "aé☃\xf0\x9f\x90\xb3zé☃\xf0\x9f\x90\xb3y";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    for (const std::string& out : {cut(text, size), cut_begin(text, size), cut_middle(text, size)}) {
      EXPECT_LE(out.size(), size);
      EXPECT_FALSE(first_invalid_utf8(out)) << out;
    }
    EXPECT_LE(begin_of(text, size).size(), size);
  }
}

TEST(Cut, ShortensTheLongestWordsFirst) {
  const std::string host(100, 'h');
  const std::string name(100, 'n');
  const std::string text = "registry " + host + " does not have " + name + " (404). Check the name";
  EXPECT_EQ(cut_words(text, text.size()), text);
  for (std::size_t size = 100; size < text.size(); ++size) {
    const std::string out = cut_words(text, size);
    EXPECT_LE(out.size(), size);
    EXPECT_GT(out.size() + 6, size) << "as much as there is room for";
    EXPECT_TRUE(out.starts_with("registry hhhhhhhh"));
    EXPECT_NE(out.find("hhh does not have nnnnnnnn"), std::string::npos);
    EXPECT_TRUE(out.ends_with("nnn (404). Check the name"));
  }
  EXPECT_EQ(least_cut_size(text), text.size() - 2 * (100 - 24));
  EXPECT_EQ(cut_words(text, 30).size(), 30U);
  EXPECT_EQ(cut_words("", 0), "");
  EXPECT_EQ(cut_words("   ", 2), "");
}

TEST(Cut, OfBytesThatAreNoTextSomethingIsLeft) {
  EXPECT_EQ(begin_of(std::string(20, '\x80'), 10).size(), 10U);
  EXPECT_EQ(pinhook::quoted(std::string(3, '\x80'), 2), "\"\\x80\\x80…\"");
}

}  // namespace
}  // namespace pinhook
