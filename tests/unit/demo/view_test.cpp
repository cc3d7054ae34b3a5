#include <pinhook/demo/view.hpp>

#include <pinhook/base/wrapped_text.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace pinhook::demo {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

TEST(DemoView, KeepsToTheWidth) {
  for (const std::size_t width : {40U, 80U, 120U}) {
    ::testing::internal::CaptureStdout();
    view v(false, width);
    v.step("A rule: container api has", "enforce · CREATE · denied · no patch");
    v.headline("some words that are in the headline of the demo and do not fit on one line of a small screen");
    v.line("some words about a step, and some more of them, so that one line is not enough for all");
    v.check(true, "an expectation of the demo that is true and needs more than one line of a screen that is small");
    v.denial("one finding of many words that does not fit\nanother finding of many words that does not fit");
    v.side_by_side("before", {{"web", "127.0.0.1:40000/shop/web:1.44"}}, "after",
                   {{"web", "127.0.0.1:40000/shop/web@" + digest}});
    std::istringstream lines(::testing::internal::GetCapturedStdout());
    // An image is not broken.
    for (std::string line; std::getline(lines, line);)
      EXPECT_TRUE(line.contains("@sha256:") || columns_of(line) <= width) << line;
  }
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

TEST(DemoView, KeepsTheLinesOfADenial) {
  ::testing::internal::CaptureStdout();
  view(false).denial("two findings:\n- one\n- " + std::string(60, 'x') + " " + std::string(60, 'y'));
  EXPECT_EQ(
      ::testing::internal::GetCapturedStdout(),
      "   Denied: two findings:\n     - one\n     - " + std::string(60, 'x') + "\n     " + std::string(60, 'y') + "\n");
}

TEST(DemoView, PaintsWhenAsked) {
  ::testing::internal::CaptureStdout();
  view view(true);
  view.check(true, "good");
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("\x1b[32m   ✓ good\x1b[0m"));
}

}  // namespace
}  // namespace pinhook::demo
