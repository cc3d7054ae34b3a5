#include <pinhook/access/progress_lines.hpp>

#include <gtest/gtest.h>

namespace pinhook::access {
namespace {

using namespace std::chrono_literals;

TEST(ProgressLines, GiveOneLineEveryTenSeconds) {
  const steady_time start{};
  progress_lines p("pin", start);
  EXPECT_EQ(p.line_for("resolving", 0, 300, start), "");
  EXPECT_EQ(p.line_for("resolving", 10, 300, start + 9s), "");
  EXPECT_EQ(p.line_for("resolving", 20, 300, start + 10s), "pinhook pin: resolving 20/300 images\n");
  EXPECT_EQ(p.line_for("resolving", 30, 300, start + 19s), "");
  EXPECT_EQ(p.line_for("verifying", 299, 300, start + 21s), "pinhook pin: verifying 299/300 images\n");
  EXPECT_EQ(p.line_for("verifying", 300, 300, start + 60s), "") << "the summary follows";
}

TEST(ProgressStatus, SaysTheTimeSinceNumbersCanStandStill) {
  EXPECT_EQ(progress_status("resolving", 0, 60, 999ms), "resolving 0/60 images");
  EXPECT_EQ(progress_status("verifying", 0, 60, 12900ms), "verifying 0/60 images, 12 s");
}

}  // namespace
}  // namespace pinhook::access
