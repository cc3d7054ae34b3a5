#include <pinhook/base/environment.hpp>

#include <gtest/gtest.h>

#include <cstdlib>

namespace pinhook {
namespace {

TEST(Environment, IsTheProcesss) {
  ::setenv("PINHOOK_TEST_VARIABLE", "a=b", 1);
  const environment all = process_environment();
  EXPECT_EQ(variable(all, "PINHOOK_TEST_VARIABLE"), "a=b");
  EXPECT_EQ(variable(all, "PINHOOK_TEST_OTHER"), "");
  ::unsetenv("PINHOOK_TEST_VARIABLE");
}

}  // namespace
}  // namespace pinhook
