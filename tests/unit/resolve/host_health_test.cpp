#include <pinhook/resolve/host_health.hpp>

#include "support/paths.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using state = host_health::state;

const steady_time t0{1'000'000s};
constexpr double even = 0.5;
const error trouble{error_code::unavailable, "503 from it", {}};
const error limited{error_code::rate_limited, "429 from it", {}};

errand to(const std::string& repository, const std::string& owner = "a", const std::string& credential = "anonymous") {
  return {repository, credential, {owner}};
}

struct HostHealth : ::testing::Test {
  host_health health{backoff_options{}};
  steady_time now = t0;

  void fail(const errand& on, const error& failure = trouble) {
    health.failed(on, health.start(on, now), failure, now, even);
  }
  void answer(const errand& on) { health.succeeded(on, health.start(on, now), now); }
  [[nodiscard]] state at(const errand& on) const { return health.look(on, now).now; }
  [[nodiscard]] std::chrono::nanoseconds rest(const errand& on) const { return health.look(on, now).until - now; }
};

// The part that rests after each failure: the first table of docs/backoff.md.
TEST_F(HostHealth, AFailureCountsForItsRepository) {
  fail(to("one"));
  EXPECT_EQ(at(to("one")), state::resting);
  EXPECT_EQ(at(to("one", "b")), state::resting) << "for all";
  EXPECT_EQ(at(to("two")), state::clear);
  EXPECT_EQ(health.in_trouble(part::repository, now), 1U);
}

TEST_F(HostHealth, TheRegistryRestsWhenThreeRepositoriesFailInARow) {
  fail(to("one"));
  fail(to("two"));
  EXPECT_EQ(at(to("other")), state::clear);
  fail(to("three"));
  EXPECT_EQ(at(to("other")), state::resting);
  EXPECT_EQ(health.look(to("other"), now).which, part::registry);
}

TEST_F(HostHealth, OneRepositoryThatFailsAgainAndAgainIsNoRow) {
  for (int i = 0; i < 20; ++i) {
    fail(to("one"));
    now += 61s;
  }
  EXPECT_EQ(at(to("other")), state::clear);
}

TEST_F(HostHealth, AnAnswerBetweenThemEndsTheRow) {
  for (const char* name : {"one", "two", "", "three", "four", "", "five"})
    if (*name != 0)
      fail(to(name));
    else
      answer(to("well"));
  EXPECT_EQ(at(to("other")), state::clear);
}

TEST_F(HostHealth, WhatFailedLongAgoIsNoRow) {
  for (const char* name : {"one", "two", "three", "four"}) {
    fail(to(name));
    now += 61s;
  }
  EXPECT_EQ(at(to("other")), state::clear);
}

TEST_F(HostHealth, AnOwnerWithoutAFailureInTheRowProbesAtOnce) {
  for (const char* name : {"one", "two", "three"}) fail(to(name, "noisy"));
  EXPECT_EQ(at(to("other", "noisy")), state::resting);
  EXPECT_EQ(at(to("other", "quiet")), state::half_open);
  EXPECT_EQ(at(to("one", "quiet")), state::resting) << "a broken part is broken for all";
  const auto probe = health.start(to("other", "quiet"), now);
  EXPECT_EQ(at(to("more", "also")), state::probing) << "one at a time";
  health.succeeded(to("other", "quiet"), probe, now);
  EXPECT_EQ(at(to("other", "noisy")), state::clear) << "any answer ends the registry's rest";
  EXPECT_EQ(at(to("one")), state::resting) << "and not the repositories'";
}

TEST_F(HostHealth, AProbeThatFailsMakesTheRegistrysRestLonger) {
  for (const char* name : {"one", "two", "three"}) fail(to(name));
  EXPECT_EQ(rest(to("other")), 1s);
  now += 1s;
  fail(to("other"));
  EXPECT_EQ(rest(to("more")), 2s);
}

TEST_F(HostHealth, ALimitCountsForTheCredential) {
  fail(to("one", "a", "key"), limited);
  EXPECT_EQ(at(to("two", "b", "key")), state::resting);
  EXPECT_EQ(at(to("one", "a", "other key")), state::clear);
  EXPECT_EQ(at(to("one", "a")), state::clear);
  EXPECT_THAT(health.refusal("r.example", to("one", "a", "key"), now).message,
              HasSubstr("registry r.example is not asked with these credentials for 5 s more after: 429 from it"));
}

TEST_F(HostHealth, ALimitOfAnAnonymousRequestIsEverybodys) {
  fail(to("one"), limited);
  EXPECT_EQ(at(to("two", "b")), state::resting);
  EXPECT_EQ(at(to("two", "b", "key")), state::resting);
}

TEST_F(HostHealth, TheRefusalSaysWhoRestsWhyAndForHowLong) {
  fail(to("acme/api"), {error_code::unavailable, "503", 12s});
  const error refusal = health.refusal("ghcr.io", to("acme/api"), now + 1500ms);
  EXPECT_EQ(refusal.code, error_code::unavailable);
  EXPECT_THAT(refusal.message, HasSubstr("repository acme/api of registry ghcr.io is in back-off for 12 s more"));
  fail(to("x"), {error_code::rate_limited, "429", 12s});
  EXPECT_THAT(health.refusal("ghcr.io", to("y"), now).message, HasSubstr("registry ghcr.io is in back-off for 13 s"));
}

TEST_F(HostHealth, WhatIsRememberedIsBounded) {
  backoff_options few;
  few.remembered = 5;
  health = host_health(few);
  for (int i = 0; i < 50; ++i) {
    fail(to(fmt::format("r{}", i), fmt::format("o{}", i)));
    fail(to("one", "a", fmt::format("key{}", i)), limited);
  }
  EXPECT_EQ(health.in_trouble(part::repository, now), 5U);
  EXPECT_EQ(health.in_trouble(part::credential, now), 5U);
}

TEST_F(HostHealth, WhatNobodyAsksForIsForgotten) {
  fail(to("one"));
  now += 11min;
  answer(to("two"));
  EXPECT_TRUE(health.is_clear(now));
}

// The second table of docs/backoff.md, row by row.
TEST(HostHealthTable, IsWhatThePageSays) {
  const struct {
    const char* words;
    error failure;
  } rows[] = {
      {"5xx and the like", trouble},
      {"429", limited},
      {"429 with `Retry-After: 0`", {error_code::rate_limited, "", 0s}},
      {"429 with `Retry-After: 7`", {error_code::rate_limited, "", 7s}},
      {"429 with `Retry-After: 3600`", {error_code::rate_limited, "", 3600s}},
      {"503 with `Retry-After: 3`", {error_code::unavailable, "", 3s}},
  };
  std::ifstream file(testing::source_dir() + "/docs/backoff.md");
  std::ostringstream page;
  page << file.rdbuf();
  for (const auto& row : rows) {
    std::string line = fmt::format("| {} |", row.words);
    host_health health{backoff_options{}};
    steady_time now = t0;
    const errand on = to("one");
    for (int i = 0; i < 7; ++i) {
      health.failed(on, health.start(on, now), row.failure, now, even);
      auto until = health.look(on, now).until;
      line += fmt::format(" {} s |", std::chrono::round<std::chrono::seconds>(until - now).count());
      now = until;
    }
    EXPECT_THAT(page.str(), HasSubstr(line));
  }
}

}  // namespace
}  // namespace pinhook::resolve
