#include <pinhook/base/deadline.hpp>

#include "support/fake_clock.hpp"

#include <gtest/gtest.h>

namespace pinhook {
namespace {

using namespace std::chrono_literals;

TEST(Deadline, PassesAtItsMoment) {
  testing::fake_clock time;
  const auto d = deadline::after(time.now(), 3s);
  EXPECT_FALSE(d.has_passed(time.now()));
  EXPECT_EQ(d.remaining(time.now()), 3s);
  time.advance(3s);
  EXPECT_TRUE(d.has_passed(time.now()));
  time.advance(1s);
  EXPECT_EQ(d.remaining(time.now()), 0s);
}

TEST(Deadline, CanOnlyBeShortened) {
  testing::fake_clock time;
  const auto d = deadline::after(time.now(), 3s);
  EXPECT_EQ(sooner(d, deadline::after(time.now(), 10s)), d);
  EXPECT_EQ(sooner(d, deadline::after(time.now(), 1s)).remaining(time.now()), 1s);
  EXPECT_EQ(sooner(deadline::never(), d), d);
}

TEST(Deadline, ASpanBeyondTimeIsNever) {
  testing::fake_clock time;
  EXPECT_EQ(deadline::after(time.now(), std::chrono::nanoseconds::max()), deadline::never());
}

}  // namespace
}  // namespace pinhook
