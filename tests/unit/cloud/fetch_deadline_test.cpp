#include <pinhook/cloud/fetch_deadline.hpp>

#include <gtest/gtest.h>

namespace pinhook::cloud {
namespace {

using namespace std::chrono_literals;

TEST(FetchDeadline, IsBoundedAndLeavesHalf) {
  const steady_time now(1000s);
  EXPECT_EQ(fetch_deadline(deadline::after(now, 30s), now, 5s), deadline::after(now, 5s));
  EXPECT_EQ(fetch_deadline(deadline::after(now, 8s), now, 5s), deadline::after(now, 4s));
  EXPECT_EQ(fetch_deadline(deadline::never(), now, 5s), deadline::after(now, 5s));
  EXPECT_EQ(fetch_deadline(deadline::at(now - 1s), now, 5s), deadline::at(now));
}

}  // namespace
}  // namespace pinhook::cloud
