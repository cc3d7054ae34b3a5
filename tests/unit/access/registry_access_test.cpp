#include <pinhook/access/registry_access.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace pinhook::access {
namespace {

using namespace std::chrono_literals;

// A registry that takes 11 s to answer is resolved by a command, which waits 30 s; in the webhook it holds one of few
// requests no longer than before, unless the operator gives look-ups more time.
TEST(StallTime, IsAllOfALookUpForACommandAndAThirdForTheWebhook) {
  const struct {
    std::chrono::nanoseconds lookup;
    bool for_command;
    std::chrono::seconds wanted;
  } rows[] = {
      {30s, true, 30s}, {30s, false, 10s}, {5min, true, 5min}, {5min, false, 100s},  {1s, true, 10s},
      {1s, false, 10s}, {12s, true, 12s},  {12s, false, 10s},  {30500ms, true, 31s},
  };
  for (const auto& row : rows) {
    config::settings s;
    s.resolver.lookup_limit = row.lookup;
    s.for_command = row.for_command;
    EXPECT_EQ(stall_time(s), row.wanted) << row.lookup.count() << row.for_command;
  }
}

}  // namespace
}  // namespace pinhook::access
