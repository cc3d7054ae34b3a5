// The cache is shared between the namespaces that ask, through the resolver.
#include "resolver_world.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::resolve {
namespace {

using testing::digest_of_digit;

struct CacheShares : testing::resolver_world {
  CacheShares() {
    options.cache.capacity = 100;
    open();
  }
  void ask_as(const std::string& owner, const std::string& ref) {
    query q = testing::query_of(ref);
    client.holds(q.ref.canonical(), digest_of_digit('a'));
    q.owner = owner;
    EXPECT_TRUE(ask(std::move(q)));
  }
  bool is_known(const std::string& ref) { return tags->known(testing::query_of(ref)).has_value(); }
};

// All of them public images, asked for without credentials.
TEST_F(CacheShares, AFloodOfOneNamespacePushesOutItsOwnTags) {
  for (int i = 0; i < 10; ++i) ask_as("quiet", fmt::format("nginx:{}", i));
  for (int i = 0; i < 500; ++i) ask_as("flood", fmt::format("evil/x:{}", i));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(is_known(fmt::format("nginx:{}", i))) << i;
  EXPECT_TRUE(is_known("evil/x:499"));
  EXPECT_FALSE(is_known("evil/x:300"));
}

}  // namespace
}  // namespace pinhook::resolve
