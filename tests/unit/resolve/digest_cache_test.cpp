#include <pinhook/resolve/digest_cache.hpp>

#include "support/dice.hpp"
#include "support/fake_resolver.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using state = cached::state;
using testing::digest_of_digit;

const steady_time t0{1'000'000s};
const cache_key nginx("docker.io/library/nginx:1", "anonymous");
const error missing{error_code::not_found, "no such tag", {}};
const error trouble{error_code::unavailable, "503", {}};

TEST(DigestCache, HoldsADigestForItsTimeToLive) {
  digest_cache cache({});
  EXPECT_EQ(cache.find(nginx, t0).status, state::miss);
  cache.store(nginx, digest_of_digit('a'), t0);
  const auto fresh = cache.find(nginx, t0 + 60s - 1ns);
  EXPECT_EQ(fresh.status, state::fresh);
  EXPECT_EQ(fresh.digest, digest_of_digit('a'));
  EXPECT_NE(cache.find(nginx, t0 + 60s).status, state::fresh);
}

TEST(DigestCache, AnExpiredDigestIsStaleUpToItsAge) {
  digest_cache cache({});
  cache.store(nginx, digest_of_digit('a'), t0);
  const auto held = cache.find(nginx, t0 + 60s);
  EXPECT_EQ(held.status, state::stale);
  EXPECT_EQ(held.digest, digest_of_digit('a'));
  EXPECT_EQ(cache.find(nginx, t0 + 60s + 1h - 1ns).status, state::stale);
  EXPECT_EQ(cache.find(nginx, t0 + 60s + 1h).status, state::miss);
}

TEST(DigestCache, ZeroStaleTimeMeansNever) {
  digest_cache cache({.stale_for = 0s});
  cache.store(nginx, digest_of_digit('a'), t0);
  EXPECT_EQ(cache.find(nginx, t0 + 60s).status, state::miss);
}

TEST(DigestCache, RemembersARefusalUntilItsTime) {
  digest_cache cache({});
  cache.store_failure(nginx, missing, t0, t0 + 5s);
  const auto held = cache.find(nginx, t0 + 5s - 1ns);
  ASSERT_EQ(held.status, state::negative);
  EXPECT_EQ(*held.failure, missing);
  EXPECT_FALSE(held.digest);
  EXPECT_EQ(cache.find(nginx, t0 + 5s).status, state::miss);
}

TEST(DigestCache, ADefiniteRefusalReplacesTheDigest) {
  for (const auto code : {error_code::not_found, error_code::unauthorized, error_code::denied, error_code::unsupported,
                          error_code::invalid_input}) {
    digest_cache cache({});
    cache.store(nginx, digest_of_digit('a'), t0);
    cache.store_failure(nginx, {code, "no", {}}, t0 + 1s, t0 + 6s);
    EXPECT_EQ(cache.find(nginx, t0 + 2s).status, state::negative) << to_string(code);
    EXPECT_EQ(cache.find(nginx, t0 + 7s).status, state::miss) << to_string(code) << ": the old digest came back";
  }
}

TEST(DigestCache, ATemporaryFailureLeavesTheDigest) {
  for (const auto code : {error_code::unavailable, error_code::rate_limited, error_code::timed_out,
                          error_code::canceled, error_code::malformed}) {
    digest_cache cache({});
    cache.store(nginx, digest_of_digit('a'), t0);
    cache.store_failure(nginx, {code, "later", {}}, t0 + 50s, t0 + 70s);
    EXPECT_EQ(cache.find(nginx, t0 + 51s).status, state::fresh) << to_string(code);
    const auto held = cache.find(nginx, t0 + 61s);
    EXPECT_EQ(held.status, state::negative) << to_string(code);
    EXPECT_EQ(held.digest, digest_of_digit('a')) << to_string(code);
    EXPECT_EQ(cache.find(nginx, t0 + 70s).status, state::stale) << to_string(code) << ": ask again";
  }
}

TEST(DigestCache, KeepsNoTroubleOfAHostAsAnAnswer) {
  digest_cache cache({});
  cache.store_failure(nginx, trouble, t0, t0 + 5s);
  EXPECT_EQ(cache.find(nginx, t0).status, state::miss);
  EXPECT_EQ(cache.size(), 0U);
}

TEST(DigestCache, AnOlderQuestionDoesNotOverwriteANewerAnswer) {
  digest_cache cache({});
  cache.store(nginx, digest_of_digit('b'), t0 + 2s);
  cache.store(nginx, digest_of_digit('a'), t0 + 1s);
  cache.store_failure(nginx, missing, t0 + 1s, t0 + 9s);
  EXPECT_EQ(cache.find(nginx, t0 + 3s).digest, digest_of_digit('b'));
}

TEST(DigestCache, IdentitiesDoNotShareEntries) {
  digest_cache cache({});
  cache.store(cache_key("ghcr.io/acme/api:1", "tenant-a"), digest_of_digit('a'), t0);
  EXPECT_EQ(cache.find(cache_key("ghcr.io/acme/api:1", "tenant-b"), t0).status, state::miss);
  EXPECT_EQ(cache.find(cache_key("ghcr.io/acme/api:1tenant", "-a"), t0).status, state::miss);
  EXPECT_EQ(cache.find(cache_key("ghcr.io/acme/api:1", "tenant-a"), t0).status, state::fresh);
}

TEST(DigestCache, KeepsWhatIsFoundBesideItsDigestAlone) {
  digest_cache cache({});
  const vouch found{{1, 2, 3}, t0 + 1h};
  const auto has = [&](const cache_key& key, steady_time now) {
    const auto beside = cache.find(key, now).vouched.key;
    EXPECT_EQ(cache.find_vouch(key).key, beside);
    return beside == found.key;
  };
  cache.keep(nginx, digest_of_digit('a'), found);
  cache.store(nginx, digest_of_digit('a'), t0);
  EXPECT_FALSE(has(nginx, t0)) << "there was no entry";
  cache.keep(nginx, digest_of_digit('b'), found);
  EXPECT_FALSE(has(nginx, t0)) << "it is about another digest";
  cache.keep(nginx, digest_of_digit('a'), found);
  EXPECT_TRUE(has(nginx, t0));
  const cache_key other(nginx.canonical, "tenant b");
  cache.store(other, digest_of_digit('a'), t0);
  EXPECT_FALSE(has(other, t0)) << "another tenant looks for itself";
  cache.store(nginx, digest_of_digit('a'), t0 + 45s);
  EXPECT_TRUE(has(nginx, t0 + 45s)) << "a refresh that finds the same digest";
  EXPECT_TRUE(has(nginx, t0 + 2min)) << "stale";
  cache.store(nginx, digest_of_digit('b'), t0 + 2min);
  EXPECT_FALSE(has(nginx, t0 + 2min));
  cache.keep(nginx, digest_of_digit('b'), found);
  cache.store_failure(nginx, missing, t0 + 3min, t0 + 4min);
  cache.store(nginx, digest_of_digit('b'), t0 + 5min);
  EXPECT_FALSE(has(nginx, t0 + 5min)) << "the registry withdrew it in between";
}

TEST(DigestCache, AVouchIsForItsKeyAndTime) {
  const vouch found{{1, 2, 3}, t0};
  EXPECT_TRUE(found.is_for({1, 2, 3}, t0 - 1ns));
  EXPECT_FALSE(found.is_for({1, 2, 3}, t0));
  EXPECT_FALSE(found.is_for({1, 2, 4}, t0 - 1ns));
  EXPECT_FALSE(vouch().is_for({1, 2, 3}, t0 - 1ns));
}

TEST(DigestCache, NeverHoldsMoreThanItsCapacity) {
  for (const std::size_t capacity : {1UL, 7UL, 5000UL}) {
    digest_cache cache({.capacity = capacity});
    for (std::size_t i = 0; i < 3 * capacity; ++i) {
      const std::string name = fmt::format("r.example/x:{}", i);
      cache.store(cache_key(name, "anonymous"), digest_of_digit('a'), t0);
      EXPECT_LE(cache.size(), capacity);
    }
    EXPECT_GT(cache.size(), capacity / 2);
  }
}

TEST(DigestCache, EvictsWhatIsNotInUse) {
  digest_cache cache({.capacity = 4});
  const std::vector<std::string> names{"a", "b", "c", "d"};
  for (const auto& n : names) cache.store(cache_key(n, "i"), digest_of_digit('a'), t0);
  cache.store(cache_key("e", "i"), digest_of_digit('a'), t0);  // clears every bit and takes the first
  EXPECT_EQ(cache.peek(cache_key("a", "i"), t0).status, state::miss);
  EXPECT_EQ(cache.find(cache_key("b", "i"), t0).status, state::fresh);
  cache.store(cache_key("f", "i"), digest_of_digit('a'), t0);
  EXPECT_EQ(cache.peek(cache_key("b", "i"), t0).status, state::fresh) << "it was in use";
  EXPECT_EQ(cache.peek(cache_key("c", "i"), t0).status, state::miss);
}

TEST(DigestCache, AskingForAVouchIsAUse) {
  digest_cache cache({.capacity = 2});
  const cache_key redis("docker.io/library/redis:7", ""), other("docker.io/library/httpd:2", "");
  cache.store(nginx, digest_of_digit('a'), t0);
  cache.store(redis, digest_of_digit('b'), t0);
  EXPECT_EQ(cache.find_vouch(nginx).key, vouch().key);
  cache.store(other, digest_of_digit('c'), t0);
  EXPECT_EQ(cache.peek(nginx, t0).status, state::fresh);
  EXPECT_EQ(cache.peek(redis, t0).status, state::miss);
  EXPECT_EQ(cache.find_vouch(redis).key, vouch().key);
}

TEST(DigestCache, EvictsWorthlessEntriesFirst) {
  digest_cache cache({.capacity = 2});
  cache.store(cache_key("old", "i"), digest_of_digit('a'), t0 - 2h);
  cache.store(cache_key("new", "i"), digest_of_digit('a'), t0);
  cache.store(cache_key("third", "i"), digest_of_digit('a'), t0);
  EXPECT_EQ(cache.peek(cache_key("new", "i"), t0).status, state::fresh);
  EXPECT_EQ(cache.peek(cache_key("third", "i"), t0).status, state::fresh);
}

// One owner asks for tags by the hundred thousand, with the identity that all share for public images.
struct CacheFlood : ::testing::Test {
  static constexpr int warm_tags = 50;
  digest_cache cache{{}};

  static std::string warm(int i) { return fmt::format("docker.io/library/warm:{}", i); }
  static cache_key key(const std::string& name, const std::string& owner) { return {name, "anonymous", owner}; }
  void ask(const std::string& name, const std::string& owner, int uses = 0) {
    cache.store(key(name, owner), digest_of_digit('a'), t0);
    for (int i = 0; i < uses; ++i) EXPECT_EQ(cache.find(key(name, owner), t0).status, state::fresh);
  }
  int left() const {
    int out = 0;
    for (int i = 0; i < warm_tags; ++i) out += cache.peek(key(warm(i), ""), t0).status == state::fresh ? 1 : 0;
    return out;
  }
};

// A quiet tenant's tags: asked for once, an hour ago.
TEST_F(CacheFlood, DoesNotPushOutWhatOthersAskedForOnce) {
  for (int i = 0; i < warm_tags; ++i) ask(warm(i), fmt::format("tenant-{}", i % 7));
  for (int i = 0; i < 300'000; ++i) ask(fmt::format("docker.io/evil/x:{}", i), "flood");
  EXPECT_EQ(left(), warm_tags);
  EXPECT_GT(cache.size(), 90'000U);
}

TEST_F(CacheFlood, NorWhenEachTagIsUsedAgain) {
  for (int i = 0; i < warm_tags; ++i) ask(warm(i), "tenant");
  for (int i = 0; i < 200'000; ++i) ask(fmt::format("docker.io/evil/x:{}", i), "flood", 4);
  EXPECT_EQ(left(), warm_tags);
}

// The flood asked for them first, and uses them, too.
TEST_F(CacheFlood, DoesNotPushOutWhatItSharesWithOthers) {
  for (int i = 0; i < warm_tags; ++i) ask(warm(i), "flood", 3);
  for (int i = 0; i < 300'000; ++i) {
    ask(fmt::format("docker.io/evil/x:{}", i), "flood", 2);
    // Each of them some fifteen times in all, once for each 20,000 of the flood.
    if (i % 400 != 0) continue;
    EXPECT_EQ(cache.find(key(warm(i / 400 % warm_tags), "flood"), t0).status, state::fresh);
    EXPECT_EQ(cache.find(key(warm(i / 400 % warm_tags), "tenant"), t0).status, state::fresh) << i;
  }
  EXPECT_EQ(left(), warm_tags);
}

// Queries without an account: entries that are used again stay before those that were asked for once.
TEST_F(CacheFlood, OfTagsAskedForOnceLeavesWhatIsUsedAgain) {
  for (int i = 0; i < warm_tags; ++i) ask(warm(i), "", 1);
  for (int i = 0; i < 300'000; ++i) ask(fmt::format("docker.io/evil/x:{}", i), "");
  EXPECT_EQ(left(), warm_tags);
}

TEST(DigestCache, BytesAreBounded) {
  constexpr std::size_t capacity = 3000;
  digest_cache cache({.capacity = capacity});
  const error long_words{error_code::not_found, std::string(4000, 'x'), std::nullopt};
  for (std::size_t i = 0; i < 3 * capacity; ++i) {
    const std::string name = fmt::format("r.example/{}:{}", std::string(100, 'n'), i);
    const cache_key key(name, "anonymous", i % 3 == 0 ? "a" : "b");
    cache.store(key, digest_of_digit('a'), t0);
    ASSERT_LE(cache.bytes(), capacity * entry_budget);
    cache.store_failure(key, long_words, t0 + 1s, t0 + 5s);
    ASSERT_LE(cache.bytes(), capacity * entry_budget);
  }
  EXPECT_GT(cache.size(), capacity * entry_budget / 6000);
  digest_cache small({.capacity = 1});
  small.store_failure(nginx, long_words, t0, t0 + 5s);
  EXPECT_EQ(small.size(), 1U) << "one that alone takes more is there alone";
}

// In one shard, where a share is exact: an owner that holds at most an equal share loses nothing, whatever others do.
TEST(DigestCache, AnEqualShareIsSafe) {
  testing::dice dice(11);
  for (int round = 0; round < 20; ++round) {
    constexpr std::size_t capacity = 600;
    const std::size_t owners = 2 + dice.roll(5);
    // Names of equal length: entries of equal bytes.
    const std::size_t kept = capacity / owners - 1;
    digest_cache cache({.capacity = capacity});
    std::vector<std::string> quiet;
    for (std::size_t i = 0; i < kept; ++i) {
      quiet.push_back(fmt::format("r.example/quiet/x:{:06}", i));
      cache.store(cache_key(quiet.back(), "anonymous", "quiet"), digest_of_digit('a'), t0);
    }
    for (int i = 0; i < 5'000; ++i) {
      const std::string owner = fmt::format("noisy-{}", dice.roll(owners - 1));
      const std::string name = fmt::format("r.example/noisy/x:{:06}", dice.roll(3'000));
      const cache_key key(name, "anonymous", owner);
      if (dice.once_in(3))
        cache.store(key, digest_of_digit('b'), t0);
      else if (cache.find(key, t0).status == state::miss)
        cache.store(key, digest_of_digit('b'), t0);
    }
    for (const auto& name : quiet)
      ASSERT_EQ(cache.peek(cache_key(name, "anonymous"), t0).status, state::fresh) << round << " " << name;
  }
}

TEST(DigestCache, OneHitPastDueIsAskedToRefresh) {
  digest_cache cache({});
  const steady_time due = cache.store(nginx, digest_of_digit('a'), t0);
  EXPECT_FALSE(cache.find(nginx, due - 1ns).refresh);
  EXPECT_TRUE(cache.find(nginx, due).refresh);
  EXPECT_FALSE(cache.find(nginx, due + 1s).refresh) << "one is on its way";
  cache.release_refresh(nginx, due + 3s);
  EXPECT_FALSE(cache.find(nginx, due + 2s).refresh);
  EXPECT_TRUE(cache.find(nginx, due + 3s).refresh);
  const steady_time next = cache.store(nginx, digest_of_digit('b'), due + 4s);
  EXPECT_FALSE(cache.find(nginx, due + 5s).refresh);
  EXPECT_TRUE(cache.find(nginx, next).refresh);
}

TEST(DigestCache, RefreshIsDueAroundThreeQuartersAndSpread) {
  digest_cache cache({});
  std::vector<steady_time> dues;
  for (int i = 0; i < 200; ++i) {
    const std::string name = fmt::format("r.example/x:{}", i);
    dues.push_back(cache.store(cache_key(name, "anonymous"), digest_of_digit('a'), t0));
  }
  const auto [least, most] = std::minmax_element(dues.begin(), dues.end());
  EXPECT_GE(*least, t0 + 42s);
  EXPECT_LE(*most, t0 + 48s);
  EXPECT_GT(*most - *least, 3s);
}

TEST(DigestCache, ARefreshIsClaimedOnlyForWhatIsInUse) {
  digest_cache cache({});
  const steady_time due = cache.store(nginx, digest_of_digit('a'), t0);
  EXPECT_FALSE(cache.claim_refresh(nginx, due)) << "it was not used";
  EXPECT_EQ(cache.peek(nginx, t0 + 1s).status, state::fresh);
  EXPECT_FALSE(cache.claim_refresh(nginx, due)) << "a peek is no use";
  EXPECT_EQ(cache.find(nginx, t0 + 1s).status, state::fresh);
  EXPECT_FALSE(cache.claim_refresh(nginx, due - 1ns));
  EXPECT_TRUE(cache.claim_refresh(nginx, due));
  EXPECT_FALSE(cache.claim_refresh(nginx, due)) << "it is claimed";
  EXPECT_FALSE(cache.find(nginx, due).refresh);
  cache.store_failure(nginx, trouble, due, due + 2s);
  EXPECT_FALSE(cache.claim_refresh(nginx, due + 1s));
  EXPECT_TRUE(cache.claim_refresh(nginx, due + 2s));
  EXPECT_FALSE(cache.claim_refresh(cache_key("unknown", "i"), due));
}

// Each thread is a tenant with digests of its own; none may ever see another's.
TEST(DigestCache, IdentitiesStayApartUnderThreads) {
  digest_cache cache({.capacity = 2000});
  std::atomic<int> foreign{0};
  std::atomic<int> hits{0};
  std::vector<std::thread> tenants;
  for (const char digit : {'a', 'b', 'c', 'd'}) {
    tenants.emplace_back([&cache, &foreign, &hits, digit] {
      const std::string identity(1, digit);
      const auto own = digest_of_digit(digit);
      for (int i = 0; i < 20'000; ++i) {
        const std::string name = fmt::format("r.example/x:{}", (i * 7) % 900);
        const cache_key key(name, identity);
        const steady_time now = t0 + std::chrono::milliseconds(i);
        if (i % 5 == 0) cache.store(key, own, now);
        if (i % 97 == 0) cache.store_failure(key, missing, now, now + 1s);
        const auto held = cache.find(key, now);
        if (!held.digest) continue;
        ++hits;
        if (*held.digest != own) ++foreign;
      }
    });
  }
  for (auto& t : tenants) t.join();
  EXPECT_EQ(foreign, 0);
  EXPECT_GT(hits, 1000);
  EXPECT_LE(cache.size(), 2000U);
}

TEST(DigestCache, OneThreadOfManyClaimsARefresh) {
  digest_cache cache({});
  const steady_time due = cache.store(nginx, digest_of_digit('a'), t0);
  std::atomic<int> claims{0};
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) claims += cache.find(nginx, due).refresh ? 1 : 0;
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(claims, 1);
}

}  // namespace
}  // namespace pinhook::resolve
