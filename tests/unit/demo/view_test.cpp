#include <pinhook/demo/view.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::demo {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

TEST(DemoView, WrapsAtSpaces) {
  EXPECT_EQ(wrap("one two three", 7, 2), "one two\n  three");
  EXPECT_EQ(wrap("one", 7, 2), "one");
  EXPECT_EQ(wrap("", 7, 2), "");
  EXPECT_EQ(wrap("unbreakable word", 4, 0), "unbreakable\nword");
}

TEST(DemoView, CountsChecksAndShowsStatesSideBySide) {
  ::testing::internal::CaptureStdout();
  view view(false);
  view.step("a step", "note");
  view.side_by_side("before", {{"web", "a:1"}, {"b", "same"}}, "after", {{"web", "a@" + digest}, {"b", "same"}});
  view.warning("careful");
  view.check(true, "good");
  view.check(false, "bad");
  const std::string text = ::testing::internal::GetCapturedStdout();
  EXPECT_EQ(view.checks(), 2);
  EXPECT_EQ(view.failures(), 1);
  EXPECT_THAT(text, HasSubstr("1  a step"));
  EXPECT_THAT(text, HasSubstr("web  a:1     → a@sha256:01234567…"));
  EXPECT_THAT(text, HasSubstr("b    same    = same"));
  EXPECT_THAT(text, HasSubstr("Warning: careful"));
  EXPECT_THAT(text, HasSubstr("✓ good"));
  EXPECT_THAT(text, HasSubstr("✗ failed: bad"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(DemoView, PaintsWhenAsked) {
  ::testing::internal::CaptureStdout();
  view view(true);
  view.check(true, "good");
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("\x1b[32m✓ good\x1b[0m"));
}

}  // namespace
}  // namespace pinhook::demo
