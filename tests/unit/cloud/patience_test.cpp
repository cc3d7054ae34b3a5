#include <pinhook/cloud/patience.hpp>

#include <gtest/gtest.h>

namespace pinhook::cloud {
namespace {

using namespace std::chrono_literals;

TEST(Patience, IsBoundedAndLeavesHalf) {
  const steady_time now(1000s);
  EXPECT_EQ(with_patience(deadline::after(now, 30s), now, 5s), deadline::after(now, 5s));
  EXPECT_EQ(with_patience(deadline::after(now, 8s), now, 5s), deadline::after(now, 4s));
  EXPECT_EQ(with_patience(deadline::never(), now, 5s), deadline::after(now, 5s));
  EXPECT_EQ(with_patience(deadline::at(now - 1s), now, 5s), deadline::at(now));
}

}  // namespace
}  // namespace pinhook::cloud
