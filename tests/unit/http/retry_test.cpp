#include <pinhook/http/retry.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace pinhook::http {
namespace {

using namespace std::chrono_literals;

// 2026-01-01T00:00:00Z
const wall_time now{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};

result<response> answered(int status, headers h = {}) {
  response r;
  r.status = status;
  r.headers = std::move(h);
  return r;
}

TEST(Retry, TriesAgainAfterTransientStatusesAndConnectionFailuresOnly) {
  for (const int status : {408, 499, 500, 502, 503, 504, 522}) EXPECT_TRUE(next_try(1, answered(status), 10s, now, 0));
  for (const int status : {200, 301, 400, 401, 403, 404, 405, 429, 501, 505})
    EXPECT_FALSE(next_try(1, answered(status), 10s, now, 0)) << status;
  EXPECT_TRUE(next_try(1, fail(error_code::unavailable, "reset"), 10s, now, 0));
  for (const auto code : {error_code::timed_out, error_code::canceled, error_code::denied, error_code::malformed,
                          error_code::invalid_input})
    EXPECT_FALSE(next_try(1, fail(code, "no"), 10s, now, 0)) << to_string(code);
}

TEST(Retry, GivesUpAfterThreeTries) {
  EXPECT_TRUE(next_try(2, answered(503), 10s, now, 0));
  EXPECT_FALSE(next_try(3, answered(503), 10s, now, 0));
}

TEST(Retry, WaitDoublesAndIsJitteredOverItsUpperHalf) {
  EXPECT_EQ(next_try(1, answered(503), 10s, now, 0), 50ms);
  EXPECT_EQ(next_try(1, answered(503), 10s, now, 0.5), 75ms);
  EXPECT_EQ(next_try(2, answered(503), 10s, now, 0), 100ms);
  EXPECT_LT(next_try(2, answered(503), 10s, now, 0.999).value_or(1s), 200ms);
}

TEST(Retry, NeverWaitsPastTheDeadline) {
  EXPECT_FALSE(next_try(1, answered(503), 50ms, now, 0));
  EXPECT_TRUE(next_try(1, answered(503), 51ms, now, 0));
  EXPECT_FALSE(next_try(1, answered(503), 0ns, now, 0));
}

TEST(Retry, TheServersOwnWaitIsALowerBound) {
  EXPECT_EQ(next_try(1, answered(503, {{"Retry-After", "2"}}), 10s, now, 0), 2s);
  EXPECT_FALSE(next_try(1, answered(503, {{"Retry-After", "20"}}), 10s, now, 0));
  EXPECT_EQ(next_try(1, answered(503, {{"Retry-After", "0"}}), 10s, now, 0), 50ms);
}

struct retry_after_case {
  const char* text;
  std::optional<std::chrono::seconds> expected;
};

class RetryAfter : public ::testing::TestWithParam<retry_after_case> {};

TEST_P(RetryAfter, IsRead) {
  EXPECT_EQ(parse_retry_after({{"retry-after", GetParam().text}}, now), GetParam().expected) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(Table, RetryAfter,
                         ::testing::Values(retry_after_case{"0", 0s}, retry_after_case{"30", 30s},
                                           retry_after_case{" 7 ", 7s}, retry_after_case{"3600", 60s},  // capped
                                           retry_after_case{"99999999999999999999999", 60s},
                                           retry_after_case{"Thu, 01 Jan 2026 00:00:12 GMT", 12s},
                                           retry_after_case{"Thursday, 01-Jan-26 00:00:12 GMT", 12s},
                                           retry_after_case{"Thu Jan  1 00:00:12 2026", 12s},
                                           retry_after_case{"Thu, 01 Jan 2026 01:00:00 GMT", 60s},
                                           retry_after_case{"Wed, 31 Dec 2025 23:59:00 GMT", 0s},  // gone by
                                           retry_after_case{"Fri, 31 Dec 9999 23:59:59 GMT", 60s},
                                           retry_after_case{"Tue, 30 Feb 2026 00:00:00 GMT", 60s},  // March 2,
                                           retry_after_case{"Thu, 01 Jan 2026 25:00:00 GMT", std::nullopt},
                                           retry_after_case{"Thu, 01 Jan 2026 01:00:12 CET", 12s},
                                           retry_after_case{"Thu, 01 Foo 2026 00:00:12 GMT", std::nullopt},
                                           retry_after_case{"soon", std::nullopt}, retry_after_case{"-5", std::nullopt},
                                           retry_after_case{"1.5", std::nullopt}, retry_after_case{"", std::nullopt}));

// Our clock may be set, or wrong: the answer's own date says how long is meant.
TEST(RetryAfterHeader, ADateCountsFromTheDateOfTheAnswer) {
  const auto wait = [](const char* date, wall_time ours) {
    return parse_retry_after({{"Date", date}, {"Retry-After", "Thu, 01 Jan 2026 00:00:12 GMT"}}, ours);
  };
  for (const auto off : {-1h, 0h, 1h}) {
    EXPECT_EQ(wait("Thu, 01 Jan 2026 00:00:05 GMT", now + off), 7s) << off.count();
    EXPECT_EQ(wait("Thu, 01 Jan 2026 00:00:13 GMT", now + off), 0s) << off.count();
  }
  EXPECT_EQ(wait("soon", now), 12s);
}

TEST(RetryAfterHeader, MayBeMissing) { EXPECT_EQ(parse_retry_after({}, now), std::nullopt); }

}  // namespace
}  // namespace pinhook::http
