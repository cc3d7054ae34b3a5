#include <pinhook/pin/leave_reason.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace pinhook::pin {
namespace {

TEST(LeaveReason, EveryOneHasAName) {
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(leave_reason::operator_tag); ++i)
    names.push_back(to_string(static_cast<leave_reason>(i)));
  EXPECT_EQ(names.front(), "none");
  EXPECT_EQ(names.back(), "operator_tag");
  EXPECT_EQ(to_string(leave_reason::owned_replica_set), "owned_replica_set");
  EXPECT_EQ(to_string(leave_reason::same_template), "same_template");
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

}  // namespace
}  // namespace pinhook::pin
