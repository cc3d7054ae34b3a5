#include <pinhook/yaml/source.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::yaml {
namespace {

TEST(YamlSplice, NothingIsTheTextItself) {
  EXPECT_EQ(splice("", {}).value_or("?"), "");
  EXPECT_EQ(splice("a: 1\r\n", {}).value_or("?"), "a: 1\r\n");
}

TEST(YamlSplice, ReplacesInsertsAndDeletes) {
  const std::string_view text = "0123456789";
  EXPECT_EQ(splice(text, {{{2, 4}, "xyz"}}).value_or("?"), "01xyz456789");
  EXPECT_EQ(splice(text, {{{2, 2}, "xyz"}}).value_or("?"), "01xyz23456789");
  EXPECT_EQ(splice(text, {{{2, 4}, ""}}).value_or("?"), "01456789");
  EXPECT_EQ(splice(text, {{{0, 0}, "x"}, {{10, 10}, "y"}}).value_or("?"), "x0123456789y");
  EXPECT_EQ(splice(text, {{{0, 10}, ""}}).value_or("?"), "");
}

TEST(YamlSplice, TakesEditsInAnyOrder) {
  EXPECT_EQ(splice("abcdef", {{{4, 5}, "E"}, {{0, 1}, "A"}, {{2, 3}, "C"}}).value_or("?"), "AbCdEf");
}

TEST(YamlSplice, TakesTheSameEditOnce) {
  EXPECT_EQ(splice("abc", {{{1, 2}, "X"}, {{1, 2}, "X"}, {{1, 2}, "X"}}).value_or("?"), "aXc");
}

TEST(YamlSplice, KeepsTheOrderOfInsertions) {
  EXPECT_EQ(splice("ab", {{{1, 1}, "x"}, {{1, 1}, "y"}}).value_or("?"), "axyb");
  EXPECT_EQ(splice("ab", {{{1, 1}, "y"}, {{1, 1}, "x"}}).value_or("?"), "ayxb");
}

TEST(YamlSplice, EditsMayTouch) {
  EXPECT_EQ(splice("abcd", {{{1, 2}, "X"}, {{2, 3}, "Y"}}).value_or("?"), "aXYd");
  EXPECT_EQ(splice("abcd", {{{1, 2}, "X"}, {{2, 2}, "+"}}).value_or("?"), "aX+cd");
  EXPECT_EQ(splice("abcd", {{{2, 2}, "+"}, {{2, 3}, "Y"}}).value_or("?"), "ab+Yd");
}

TEST(YamlSplice, RefusesWhatOverlaps) {
  const std::vector<std::vector<edit>> cases{
      {{{1, 3}, "X"}, {{2, 4}, "Y"}},
      {{{1, 3}, "X"}, {{1, 3}, "Y"}},
      {{{1, 4}, "X"}, {{2, 3}, "Y"}},
      {{{1, 4}, "X"}, {{2, 2}, "Y"}},
  };
  for (const auto& edits : cases) {
    const auto got = splice("abcdef", edits);
    ASSERT_FALSE(got) << *got;
    EXPECT_EQ(got.error().code, error_code::internal);
  }
}

TEST(YamlSplice, RefusesWhatReachesBehindTheText) {
  for (const text_span where : {text_span{3, 4}, text_span{4, 4}, text_span{2, 1}}) {
    const auto got = splice("abc", {{where, "X"}});
    ASSERT_FALSE(got) << where.begin;
    EXPECT_EQ(got.error().code, error_code::internal);
  }
}

}  // namespace
}  // namespace pinhook::yaml
