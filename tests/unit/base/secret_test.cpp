#include <pinhook/base/secret.hpp>

#include <gtest/gtest.h>

#include <sstream>

namespace pinhook {
namespace {

TEST(Secret, IsNeverPrinted) {
  const secret s("hunter2");
  EXPECT_EQ(fmt::format("{}", s), "[redacted]");
  std::ostringstream out;
  out << s;
  EXPECT_EQ(out.str(), "[redacted]");
  EXPECT_EQ(s.reveal(), "hunter2");
}

TEST(Secret, MovingLeavesNothingBehind) {
  secret a("hunter2");
  const secret b(std::move(a));
  EXPECT_EQ(b.reveal(), "hunter2");
  EXPECT_TRUE(a.is_empty());  // NOLINT(bugprone-use-after-move): the moved-from value is under test
  secret c("old");
  c = secret("new");
  EXPECT_EQ(c.reveal(), "new");
}

TEST(Secret, ComparesByContent) {
  EXPECT_EQ(secret("a"), secret("a"));
  EXPECT_FALSE(secret("a") == secret("b"));
  EXPECT_FALSE(secret("a") == secret("aa"));
}

TEST(KeyedHash, TellsSecretsApartAndSaysNothing) {
  EXPECT_EQ(keyed_hash("x"), keyed_hash("x"));
  EXPECT_NE(keyed_hash("x"), keyed_hash("y"));
  EXPECT_EQ(keyed_hash("x").size(), 32U);
  // SHA-256 of "x" begins so; a plain hash of a weak password could be looked up.
  EXPECT_NE(keyed_hash("x").substr(0, 8), "2d711642");
}

}  // namespace
}  // namespace pinhook
