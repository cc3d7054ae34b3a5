#include <pinhook/resolve/request_pace.hpp>

#include <gtest/gtest.h>

#include <string>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;

const steady_time start = steady_time() + 1h;

// So many answers, spread over `span`, which ends at `end`.
void answer(request_pace& pace, const std::string& account, int count, steady_time end,
            std::chrono::nanoseconds span = 900ms) {
  for (int i = 1; i <= count; ++i) pace.answered(account, end - span + span * i / count);
}

// Requests that go through between two times, when each that may go goes.
int sent_between(request_pace& pace, const std::string& account, steady_time from, steady_time to) {
  int out = 0;
  for (steady_time now = from; now < to; now += 1ms) {
    if (!pace.is_due(account, now)) continue;
    pace.sent(account, now);
    ++out;
  }
  return out;
}

TEST(RequestPace, IsNoneBeforeALimit) {
  request_pace pace;
  EXPECT_TRUE(pace.is_due("a", start));
  answer(pace, "a", 500, start);
  pace.sent("a", start);
  EXPECT_TRUE(pace.is_due("a", start));
  EXPECT_EQ(pace.soonest(start), steady_time::max());
  EXPECT_FALSE(pace.is_kept("a", start));
}

TEST(RequestPace, IsNineTenthsOfWhatWasAnsweredInTheSecondBefore) {
  for (const int allowed : {5, 10, 50, 180}) {
    request_pace pace;
    answer(pace, "a", 2 * allowed, start - 1s);  // longer ago
    answer(pace, "a", allowed, start);
    EXPECT_TRUE(pace.limited("a", start - 10ms, start)) << allowed;
    const int sent = sent_between(pace, "a", start, start + 10s);
    EXPECT_LE(sent, allowed * 9 + 1) << allowed;
    EXPECT_GE(sent, allowed * 8) << allowed;
  }
}

TEST(RequestPace, IsNotToldByFewAnswers) {
  request_pace pace;
  answer(pace, "a", 4, start);
  EXPECT_FALSE(pace.limited("a", start - 10ms, start));
  EXPECT_TRUE(pace.is_due("a", start));
}

// The first 429 of those under way tells it; the others would tell less, since answers are fewer by then.
TEST(RequestPace, IsToldOnceByThoseThatWereUnderWay) {
  request_pace pace;
  answer(pace, "a", 50, start);
  EXPECT_TRUE(pace.limited("a", start - 10ms, start));
  EXPECT_TRUE(pace.limited("a", start - 5ms, start + 700ms));
  EXPECT_GE(sent_between(pace, "a", start, start + 1s), 44);
}

TEST(RequestPace, IsLearntAgainFromALaterLimit) {
  request_pace pace;
  answer(pace, "a", 50, start);
  EXPECT_TRUE(pace.limited("a", start - 10ms, start));
  answer(pace, "a", 10, start + 5s);
  EXPECT_TRUE(pace.limited("a", start + 4990ms, start + 5s));
  EXPECT_LE(sent_between(pace, "a", start + 5s, start + 6s), 10);
}

TEST(RequestPace, IsForgottenAfterAMinute) {
  request_pace pace;
  answer(pace, "a", 10, start);
  EXPECT_TRUE(pace.limited("a", start - 10ms, start));
  EXPECT_TRUE(pace.is_kept("a", start + 59s));
  EXPECT_FALSE(pace.is_kept("a", start + 61s));
  pace.sent("a", start + 61s);
  EXPECT_TRUE(pace.is_due("a", start + 61s));
}

TEST(RequestPace, DoesNotMakeUpForATimeWithoutRequests) {
  request_pace pace;
  answer(pace, "a", 50, start);
  EXPECT_TRUE(pace.limited("a", start - 10ms, start));
  EXPECT_LE(sent_between(pace, "a", start + 30s, start + 31s), 47);
}

TEST(RequestPace, OfOneAccountIsNotThatOfAnother) {
  request_pace pace;
  answer(pace, "a", 10, start);
  EXPECT_TRUE(pace.limited("a", start - 10ms, start));
  pace.sent("a", start);
  EXPECT_FALSE(pace.is_due("a", start));
  EXPECT_TRUE(pace.is_due("b", start));
  EXPECT_GT(pace.soonest(start), start);
  EXPECT_LE(pace.soonest(start), start + 112ms);
}

// Credentials come from anyone who may create Pods.
TEST(RequestPace, RemembersNoMoreAccountsThanItMay) {
  request_pace pace({.accounts = 3});
  for (int i = 0; i < 100; ++i) pace.answered(std::to_string(i), start);
  EXPECT_EQ(pace.accounts(), 3U);
  answer(pace, "99", 10, start);
  EXPECT_TRUE(pace.limited("99", start - 1ms, start));
}

}  // namespace
}  // namespace pinhook::resolve
