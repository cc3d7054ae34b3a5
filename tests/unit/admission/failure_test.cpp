#include <pinhook/admission/failure.hpp>

#include <gtest/gtest.h>

namespace pinhook::admission {
namespace {

TEST(FailureStatus, EveryCodeHasOne) {
  for (int i = 0; i <= static_cast<int>(error_code::internal); ++i) {
    const auto code = static_cast<error_code>(i);
    const failure_status& s = status_of(code);
    EXPECT_FALSE(s.hint.empty());
    // Another try is suggested exactly when it may help.
    EXPECT_EQ(s.code == 503 || s.code == 504, is_temporary(code)) << to_string(code);
  }
  EXPECT_EQ(status_of(error_code::not_found).reason, "Forbidden");
  EXPECT_EQ(status_of(error_code::timed_out).code, 504U);
  EXPECT_EQ(status_of(error_code::internal).code, 500U);
}

}  // namespace
}  // namespace pinhook::admission
