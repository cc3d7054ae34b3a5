#include <pinhook/resolve/backoff.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using state = backoff::state;

const steady_time t0{1'000'000s};
const error trouble{error_code::unavailable, "503 from it", {}};
const error limited{error_code::rate_limited, "429 from it", {}};

// 0.5 is the middle of the jitter: the rest's own length.
constexpr double even = 0.5;

error limited_for(std::chrono::seconds s) { return {error_code::rate_limited, "429", s}; }

TEST(Backoff, GoesThroughItsStates) {
  backoff b({});
  EXPECT_EQ(b.at(t0), state::clear);
  b.failed(b.start(t0), trouble, t0, even);
  EXPECT_EQ(b.at(t0), state::resting);
  EXPECT_EQ(b.at(t0 + 1s - 1ns), state::resting);
  EXPECT_EQ(b.at(t0 + 1s), state::half_open);
  const auto probe = b.start(t0 + 1s);
  EXPECT_TRUE(probe.is_probe);
  EXPECT_EQ(b.at(t0 + 1s), state::probing);
  b.succeeded(probe);
  EXPECT_EQ(b.at(t0 + 1s), state::clear);
}

TEST(Backoff, RestsGrowToTheirMostAndASuccessResetsThem) {
  backoff b({});
  steady_time now = t0;
  std::vector<std::chrono::seconds> rests;
  for (int i = 0; i < 40; ++i) {
    b.failed(b.start(now), trouble, now, even);
    rests.push_back(std::chrono::duration_cast<std::chrono::seconds>(b.until() - now));
    now = b.until();
  }
  EXPECT_EQ((std::vector(rests.begin(), rests.begin() + 7)),
            (std::vector<std::chrono::seconds>{1s, 2s, 4s, 8s, 16s, 30s, 30s}));
  EXPECT_EQ(rests.back(), 30s);
  b.succeeded(b.start(now));
  b.failed(b.start(now), trouble, now, even);
  EXPECT_EQ(b.until() - now, 1s);
}

TEST(Backoff, RestsNotAtAllWhereNoRestIsAskedFor) {
  backoff_options options;
  options.first = options.most = 0s;
  backoff b(options);
  b.failed(b.start(t0), trouble, t0, even);
  EXPECT_EQ(b.at(t0), state::clear);
  b.failed(b.start(t0), {error_code::unavailable, "503", 3s}, t0, 0);
  EXPECT_EQ(b.at(t0), state::resting) << "the host asked for it";
  EXPECT_EQ(b.at(t0 + 3s), state::half_open);
  b.failed(b.start(t0 + 3s), trouble, t0 + 3s, even);
  EXPECT_EQ(b.at(t0 + 3s), state::clear);
  b.failed(b.start(t0), limited, t0, even);
  EXPECT_EQ(b.at(t0), state::resting);
}

TEST(Backoff, JitterSpreadsTheRestAroundItsLength) {
  for (const auto& [jitter, expected] : std::vector<std::pair<double, std::chrono::milliseconds>>{
           {0.0, 800ms}, {0.25, 900ms}, {0.5, 1000ms}, {0.75, 1100ms}}) {
    backoff b({});
    b.failed(b.start(t0), trouble, t0, jitter);
    EXPECT_EQ(std::chrono::round<std::chrono::milliseconds>(b.until() - t0), expected) << jitter;
  }
}

TEST(Backoff, RateLimitsWithoutATimeStartAtFiveSeconds) {
  backoff b({});
  steady_time now = t0;
  for (const auto expected : {5s, 10s, 20s, 40s, 60s, 60s}) {
    b.failed(b.start(now), limited, now, even);
    EXPECT_EQ(b.until() - now, expected);
    now = b.until();
  }
}

TEST(Backoff, RetryAfterIsHonouredWithinLimits) {
  struct {
    std::chrono::seconds delay, least, most;
  } const rows[] = {
      {1s, 1s, 2s},
      {7s, 7s, 8s},
      {60s, 60s, 60s},
      {86'400s, 60s, 60s},
      {std::chrono::seconds(std::numeric_limits<std::int64_t>::max()), 60s, 60s},
      {0s, 1s, 2s},
      {-5s, 1s, 2s},
  };
  for (const auto& row : rows) {
    for (const double jitter : {0.0, 0.5, 0.999}) {
      backoff b({});
      b.failed(b.start(t0), limited_for(row.delay), t0, jitter);
      EXPECT_GE(b.until() - t0, row.least) << row.delay.count();
      EXPECT_LE(b.until() - t0, row.most) << row.delay.count();
    }
  }
}

TEST(Backoff, AnUnavailableHostThatSaysWhenIsNotAskedSooner) {
  backoff b({});
  b.failed(b.start(t0), {error_code::unavailable, "503", 20s}, t0, 0.0);
  EXPECT_EQ(b.until() - t0, 20s);
}

TEST(Backoff, RequestsThatFailTogetherAreOneFailure) {
  backoff b({});
  std::vector<backoff::ticket> sent;
  for (int i = 0; i < 16; ++i) sent.push_back(b.start(t0));
  for (const auto& t : sent) b.failed(t, trouble, t0 + 1ms, even);
  EXPECT_EQ(b.until(), t0 + 1ms + 1s);
}

TEST(Backoff, ALateRetryAfterStillCounts) {
  backoff b({});
  const auto first = b.start(t0);
  const auto second = b.start(t0);
  b.failed(first, trouble, t0, even);
  b.failed(second, limited_for(30s), t0, 0.0);
  EXPECT_EQ(b.until(), t0 + 30s);
}

TEST(Backoff, ALateSuccessDoesNotEndTheRest) {
  backoff b({});
  const auto first = b.start(t0);
  const auto second = b.start(t0);
  b.failed(first, limited, t0, even);
  b.succeeded(second);
  EXPECT_EQ(b.at(t0 + 1s), state::resting);
}

TEST(Backoff, ALateVerdictIsNotTheProbes) {
  backoff b({});
  const auto first = b.start(t0);
  const auto slow = b.start(t0);
  b.failed(first, trouble, t0, even);
  const auto probe = b.start(t0 + 1s);
  b.failed(slow, trouble, t0 + 1s, even);
  b.abandoned(slow);
  EXPECT_EQ(b.at(t0 + 1s), state::probing);
  b.failed(probe, trouble, t0 + 1s, even);
  EXPECT_EQ(b.until(), t0 + 3s);
}

TEST(Backoff, AProbeWithoutAVerdictLeavesItsPlace) {
  backoff b({});
  b.failed(b.start(t0), trouble, t0, even);
  b.abandoned(b.start(t0 + 1s));
  EXPECT_EQ(b.at(t0 + 1s), state::half_open);
  EXPECT_TRUE(b.start(t0 + 1s).is_probe);
}

TEST(Backoff, AProbeThatHangsMakesRoomForTheNext) {
  backoff b({});
  b.failed(b.start(t0), trouble, t0, even);
  const auto hangs = b.start(t0 + 1s);
  EXPECT_EQ(b.at(t0 + 2s - 1ns), state::probing);
  EXPECT_EQ(b.at(t0 + 2s), state::half_open);
  const auto next = b.start(t0 + 2s);
  b.abandoned(hangs);
  EXPECT_EQ(b.at(t0 + 2s), state::probing) << "the place of another probe";
  b.succeeded(next);
  EXPECT_EQ(b.at(t0 + 2s), state::clear);
}

TEST(Backoff, OneWhoNeedNotWaitProbesDuringTheRest) {
  backoff b({});
  b.failed(b.start(t0), trouble, t0, even);
  EXPECT_EQ(b.early_at(t0), state::half_open);
  const auto early = b.start(t0);
  EXPECT_EQ(b.early_at(t0), state::probing);
  EXPECT_EQ(b.at(t0), state::resting) << "for the others";
  b.succeeded(early);
  EXPECT_EQ(b.at(t0), state::clear);
}

TEST(Backoff, OnlyTroubleOfTheHostIsTrouble) {
  for (const auto code : {error_code::rate_limited, error_code::unavailable, error_code::timed_out})
    EXPECT_TRUE(is_host_trouble(code)) << to_string(code);
  for (const auto code :
       {error_code::invalid_input, error_code::not_found, error_code::unauthorized, error_code::denied,
        error_code::canceled, error_code::malformed, error_code::unsupported, error_code::internal})
    EXPECT_FALSE(is_host_trouble(code)) << to_string(code);
}

}  // namespace
}  // namespace pinhook::resolve
