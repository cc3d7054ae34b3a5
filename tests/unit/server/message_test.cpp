#include <pinhook/server/message.hpp>

#include <gtest/gtest.h>

namespace pinhook::server {
namespace {

request of(std::string target) {
  request r;
  r.target = std::move(target);
  return r;
}

TEST(Request, PathIsWithoutTheQuery) {
  EXPECT_EQ(of("/v1/pin/enforce?timeout=10s").path(), "/v1/pin/enforce");
  EXPECT_EQ(of("/v1/pin/enforce").path(), "/v1/pin/enforce");
  EXPECT_EQ(of("?a").path(), "");
}

TEST(Request, QueryFindsAParameter) {
  EXPECT_EQ(of("/x?timeout=10s").query("timeout"), "10s");
  EXPECT_EQ(of("/x?a=1&timeout=10s&b").query("timeout"), "10s");
  EXPECT_EQ(of("/x?a=1&timeout=10s").query("a"), "1");
  EXPECT_EQ(of("/x?timeout=1&timeout=2").query("timeout"), "1");
  for (const auto* target : {"/x", "/x?", "/x?timeout", "/x?timeout=", "/x?xtimeout=1", "/x?a=timeout=1", "/x?&&"})
    EXPECT_EQ(of(target).query("timeout"), "") << target;
}

TEST(Request, HasAParameterWithOrWithoutAValue) {
  for (const auto* target : {"/readyz?verbose", "/readyz?verbose=", "/readyz?verbose=1", "/readyz?a&verbose"})
    EXPECT_TRUE(of(target).has_query("verbose")) << target;
  for (const auto* target : {"/readyz", "/readyz?", "/readyz?verbosely", "/readyz?a=verbose"})
    EXPECT_FALSE(of(target).has_query("verbose")) << target;
}

}  // namespace
}  // namespace pinhook::server
