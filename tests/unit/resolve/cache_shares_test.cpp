// The cache is shared between the namespaces that ask, through the resolver.
#include "resolver_world.hpp"

#include <pinhook/resolve/digest_cache.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

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

// A tenant that asks for a million tags keeps its own share, whatever it asks; the entries and their bytes are bounded.
TEST(CacheSharesOfMany, AMillionTagsOfOneNamespacePushOutNobodyElses) {
  cache_options o;
  o.capacity = 10'000;
  digest_cache cache(o);
  const steady_time now{std::chrono::hours(1)};
  const registry::digest digest = digest_of_digit('a');
  const auto name = [](std::string_view owner, int i) { return fmt::format("r.example/{}/app:{}", owner, i); };
  const auto store = [&](std::string_view owner, int i) {
    const std::string text = name(owner, i);
    cache.store(cache_key(text, "anonymous", owner), digest, now);
  };
  for (int i = 0; i < 500; ++i)
    for (const std::string_view owner : {"quiet", "other"}) store(owner, i);
  for (int i = 0; i < 1'000'000; ++i) store("flood", i);
  for (int i = 0; i < 500; ++i) {
    for (const std::string_view owner : {"quiet", "other"}) {
      const std::string text = name(owner, i);
      EXPECT_EQ(cache.find(cache_key(text, "anonymous", owner), now).status, cached::state::fresh) << text;
    }
  }
  EXPECT_LE(cache.size(), o.capacity + 64);
  EXPECT_LE(cache.bytes(), o.capacity * 768);
}

}  // namespace
}  // namespace pinhook::resolve
