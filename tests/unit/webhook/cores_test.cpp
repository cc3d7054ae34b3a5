#include <pinhook/webhook/cores.hpp>

#include <gtest/gtest.h>

namespace pinhook::webhook {
namespace {

TEST(Cores, FollowTheControlGroup) {
  struct sample {
    const char* cpu_max;
    std::size_t cores;
  };
  for (const sample& s :
       {sample{"max 100000", 8}, sample{"100000 100000", 1}, sample{"150000 100000", 2}, sample{"50000 100000", 1},
        sample{"1600000 100000", 8}, sample{"400000 100000\n", 4}, sample{"0 100000", 1}, sample{"", 8},
        sample{"100000", 8}, sample{"100000 0", 8}, sample{"99999999999999999999 1", 8}})
    EXPECT_EQ(limit_cores(8, s.cpu_max), s.cores) << s.cpu_max;
  EXPECT_EQ(limit_cores(0, ""), 1U);
}

TEST(Cores, ThereIsAtLeastOne) { EXPECT_GE(usable_cores(), 1U); }

}  // namespace
}  // namespace pinhook::webhook
