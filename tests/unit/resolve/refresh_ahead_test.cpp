// Entries in use are refreshed before they expire; a steady caller never waits.
#include "resolver_world.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using testing::digest_of_digit;
using testing::fake_credentials;
using testing::query_of;

const std::string nginx = "docker.io/library/nginx:1.25";
const error trouble{error_code::unavailable, "503 from it", {}};

struct RefreshAhead : testing::resolver_world {
  RefreshAhead() { client.holds(nginx, digest_of_digit('a')); }
};

TEST_F(RefreshAhead, ASteadyCallerNeverMissesOverManyTimesToLive) {
  for (const auto period : {1s, 7s, 14s, 16s, 29s, 41s, 43s, 50s, 59s}) {
    open();
    ask("nginx:1.25");
    const int misses = watch.count("miss");
    const auto calls = client.count();
    for (auto passed = 0s; passed < 30min; passed += period) {
      time.advance(period);
      const auto got = ask("nginx:1.25");
      ASSERT_TRUE(got) << period.count();
      EXPECT_EQ(got->from, origin::cache) << period.count() << " s after " << passed.count();
    }
    EXPECT_EQ(watch.count("miss"), misses) << period.count();
    // Not more often than once per 0.7 of the time to live.
    EXPECT_LE(client.count() - calls, 30 * 60 / 42 + 1U) << period.count();
    TearDown();
  }
  open();
}

TEST_F(RefreshAhead, ASteadyCallerSeesAMovedTagWithinTheTimeToLive) {
  ask("nginx:1.25");
  for (int i = 0; i < 10; ++i) {
    time.advance(5s);
    ask("nginx:1.25");
  }
  client.holds(nginx, digest_of_digit('b'));
  auto waited = 0s;
  while (ask("nginx:1.25")->digest != digest_of_digit('b')) {
    time.advance(1s);
    ASSERT_LE(++waited, 60s);
  }
}

TEST_F(RefreshAhead, AnEntryThatIsUsedOnceIsRefreshedOnceAndThenLeftToExpire) {
  ask("nginx:1.25");
  time.advance(10s);
  ask("nginx:1.25");
  time.advance(10min);
  EXPECT_EQ(client.count(), 2U);
}

TEST_F(RefreshAhead, ManyHitsWhileARefreshIsUnderWayAskOnce) {
  ask("nginx:1.25");
  time.advance(49s);
  client.hang();
  for (int i = 0; i < 10; ++i) {
    const auto got = ask("nginx:1.25");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->from, origin::cache);
  }
  EXPECT_EQ(client.hanging(), 1U);
  EXPECT_EQ(watch.count("started ahead"), 1);
  client.release();
  time.settle();
}

TEST_F(RefreshAhead, WhoeverMissesJoinsTheRefresh) {
  ask("nginx:1.25");
  time.advance(49s);
  client.hang();
  ask("nginx:1.25");
  time.advance(12s);
  const auto p = start(query_of("nginx:1.25"));
  EXPECT_FALSE(p->is_done());
  EXPECT_EQ(client.hanging(), 1U);
  client.release();
  time.settle();
  EXPECT_EQ(p->only()->from, origin::registry);
}

TEST_F(RefreshAhead, AFailedRefreshIsTriedAgainBeforeTheEntryExpires) {
  ask("nginx:1.25");
  time.advance(10s);
  ask("nginx:1.25");
  client.fails_next(trouble);
  time.advance(49s);
  EXPECT_EQ(watch.count("started ahead"), 2) << "once in vain, once again";
  time.advance(20s);
  EXPECT_EQ(ask("nginx:1.25")->from, origin::cache);
}

TEST_F(RefreshAhead, ARefreshThatFindsARefusalReplacesTheDigest) {
  ask("nginx:1.25");
  time.advance(10s);
  ask("nginx:1.25");
  client.fails(nginx, {error_code::not_found, "deleted", {}});
  time.advance(38s);
  const auto got = ask("nginx:1.25");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::not_found);
}

TEST_F(RefreshAhead, ARegistryInTroubleIsNotAskedForRefreshes) {
  options.cache.ttl = 10min;
  open();
  for (int i = 0; i < 20; ++i) {
    const auto name = fmt::format("r.example/x:{}", i);
    client.holds(name, digest_of_digit('a'));
    ask(name);
    ask(name);
  }
  client.fails("r.example/broken:1", {error_code::rate_limited, "429", 60s});
  time.advance(415s);
  ask("r.example/broken:1");
  const auto calls = client.count();
  time.advance(55s);
  EXPECT_EQ(client.count(), calls) << "all became due meanwhile";
  client.fails("r.example/broken:1", {error_code::not_found, "", {}});
  time.advance(30s);
  EXPECT_EQ(client.count(), calls + 20U);
}

TEST_F(RefreshAhead, ChangedCredentialsAreNotUsedForAnOldEntry) {
  const auto tenant = fake_credentials::make("old secret");
  ask(query_of("nginx:1.25", tenant));
  time.advance(10s);
  ask(query_of("nginx:1.25", tenant));
  tenant->becomes("new secret");
  time.advance(10min);
  EXPECT_EQ(client.count(), 1U);
  ask(query_of("nginx:1.25", tenant));
  EXPECT_EQ(client.calls().back().identity, "new secret");
}

TEST_F(RefreshAhead, AThousandTagsInUseStayFresh) {
  std::vector<query> all;
  for (int i = 0; i < 1000; ++i) {
    const auto name = fmt::format("r{}.example/x:{}", i % 5, i);
    client.holds(name, digest_of_digit('a'));
    all.push_back(query_of(name));
  }
  start(all, 10s);
  for (int minute = 0; minute < 10; ++minute) {
    for (int i = 0; i < 3; ++i) {
      time.advance(20s);
      const auto p = start(all, 10s);
      ASSERT_TRUE(p->is_done());
      for (const auto& got : *p->answers) ASSERT_EQ(got.value().from, origin::cache);
    }
  }
  EXPECT_EQ(watch.count("miss"), 1000);
}

}  // namespace
}  // namespace pinhook::resolve
