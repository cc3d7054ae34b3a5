#include <pinhook/pin/glob.hpp>

#include <gtest/gtest.h>

#include <string>

namespace pinhook::pin {
namespace {

TEST(Glob, OneStarStaysWithinAPart) {
  EXPECT_TRUE(matches("docker.io/library/*", "docker.io/library/nginx:1.25"));
  EXPECT_FALSE(matches("docker.io/*", "docker.io/library/nginx:1.25"));
  EXPECT_TRUE(matches("docker.io/*/nginx:*", "docker.io/library/nginx:1.25"));
  EXPECT_FALSE(matches("docker.io/library/nginx", "docker.io/library/nginx:1.25"));
  EXPECT_TRUE(matches("docker.io/library/ngin*x:1.25", "docker.io/library/nginx:1.25"));
}

TEST(Glob, TwoStarsCrossParts) {
  EXPECT_TRUE(matches("**", "docker.io/library/nginx:1.25"));
  EXPECT_TRUE(matches("**/istio/*", "docker.io/istio/proxyv2:1.20"));
  EXPECT_TRUE(matches("**/istio/*", "ghcr.io/a/b/istio/proxyv2:1.20"));
  EXPECT_FALSE(matches("**/istio/*", "docker.io/istio/x/proxyv2:1.20"));
  EXPECT_FALSE(matches("**/istio/*", "istio/proxyv2:1.20"));
  EXPECT_TRUE(matches("ghcr.io/acme/**", "ghcr.io/acme/team/api:v2"));
}

TEST(Glob, OtherCharactersStandForThemselves) {
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_FALSE(matches("a", ""));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_FALSE(matches("docker.io", "dockerxio"));
  EXPECT_FALSE(matches("[a]?", "a1"));
  EXPECT_TRUE(matches("[a]?", "[a]?"));
}

TEST(Glob, BacktracksOverBothStars) {
  EXPECT_TRUE(matches("**a/*b", "x/a/a/cb"));
  EXPECT_TRUE(matches("*a*b**c", "xaabb/c/c"));
  EXPECT_FALSE(matches("*a*b*c", "xaabb/c"));
  EXPECT_FALSE(matches(std::string(200, '*') + "b", std::string(2000, 'a')));
}

}  // namespace
}  // namespace pinhook::pin
