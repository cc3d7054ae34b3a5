#include <pinhook/registry/token_cache.hpp>

#include "support/fake_clock.hpp"

#include <gtest/gtest.h>

namespace pinhook::registry {
namespace {

using namespace std::chrono_literals;

const token_key key{"https://r.example:443", "https://auth.example/token", "r", "repository:a:pull", "anonymous"};

granted_token granted(std::string token, std::chrono::seconds lifetime) { return {secret(std::move(token)), lifetime}; }

std::string text(const std::optional<secret>& token) { return token ? token->reveal() : "none"; }

TEST(TokenCache, RenewsTenPercentOrTenSecondsEarly) {
  testing::fake_clock time;
  token_cache cache;
  cache.put(key, granted("short", 60s), time.now());
  time.advance(53s);
  EXPECT_EQ(text(cache.find(key, time.now())), "short");
  time.advance(1s);
  EXPECT_EQ(text(cache.find(key, time.now())), "none");
  cache.put(key, granted("long", 3600s), time.now());
  time.advance(3589s);
  EXPECT_EQ(text(cache.find(key, time.now())), "long");
  time.advance(1s);
  EXPECT_EQ(text(cache.find(key, time.now())), "none");
  EXPECT_EQ(cache.size(), 0U);
}

TEST(TokenCache, LivesASixtySecondsAtLeastAndTwelveHoursAtMost) {
  testing::fake_clock time;
  token_cache cache;
  cache.put(key, granted("brief", 1s), time.now());
  time.advance(53s);
  EXPECT_EQ(text(cache.find(key, time.now())), "brief");
  cache.put(key, granted("eternal", std::chrono::hours(1000000)), time.now());
  time.advance(12h);
  EXPECT_EQ(text(cache.find(key, time.now())), "none");
}

TEST(TokenCache, EveryPartOfTheKeyCounts) {
  testing::fake_clock time;
  token_cache cache;
  cache.put(key, granted("t", 300s), time.now());
  for (std::string token_key::* part :
       {&token_key::registry, &token_key::realm, &token_key::service, &token_key::scope, &token_key::identity}) {
    token_key other = key;
    other.*part += "x";
    EXPECT_EQ(text(cache.find(other, time.now())), "none");
  }
}

TEST(TokenCache, DropsTheRefusedTokenButNotItsSuccessor) {
  testing::fake_clock time;
  token_cache cache;
  cache.put(key, granted("second", 300s), time.now());
  cache.drop(key, secret("first"));
  EXPECT_EQ(text(cache.find(key, time.now())), "second");
  cache.drop(key, secret("second"));
  EXPECT_EQ(text(cache.find(key, time.now())), "none");
}

TEST(TokenCache, TheLeastRecentlyUsedMakesRoom) {
  testing::fake_clock time;
  token_cache cache(2);
  token_key a = key;
  token_key b = key;
  token_key c = key;
  a.scope = "a";
  b.scope = "b";
  c.scope = "c";
  cache.put(a, granted("a", 300s), time.now());
  cache.put(b, granted("b", 300s), time.now());
  EXPECT_EQ(text(cache.find(a, time.now())), "a");
  cache.put(c, granted("c", 300s), time.now());
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(text(cache.find(a, time.now())), "a");
  EXPECT_EQ(text(cache.find(b, time.now())), "none");
  EXPECT_EQ(text(cache.find(c, time.now())), "c");
}

TEST(ChallengeCache, IsBoundedAndKeyedWithTheIdentity) {
  challenge_cache cache(2);
  cache.put({"https://r:443", "a"}, {});
  EXPECT_NE(cache.find({"https://r:443", "a"}), nullptr);
  EXPECT_EQ(cache.find({"https://r:443", "b"}), nullptr);
  EXPECT_EQ(cache.find({"http://r:443", "a"}), nullptr);
  for (const char* identity : {"b", "c", "d"}) cache.put({"https://r:443", identity}, {});
  EXPECT_EQ(cache.size(), 2U);
  cache.forget({"https://r:443", "d"});
  EXPECT_EQ(cache.find({"https://r:443", "d"}), nullptr);
}

}  // namespace
}  // namespace pinhook::registry
