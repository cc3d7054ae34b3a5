#include <pinhook/access/answer_times.hpp>

#include "support/fake_clock.hpp"

#include <gtest/gtest.h>

namespace pinhook::access {
namespace {

using namespace std::chrono_literals;

TEST(AnswerTimes, CountAnswersOfAnyKind) {
  testing::fake_clock time;
  answer_times heard(time);
  const auto start = time.now();
  time.advance(1s);
  heard.registry_request("r.example", 0, "timed_out", 1s);
  heard.token_fetched("r.example", "timed_out");
  EXPECT_FALSE(heard.has_answered("r.example", start));
  heard.registry_request("r.example", 401, "ok", 1s);
  EXPECT_TRUE(heard.has_answered("r.example", start));
  EXPECT_FALSE(heard.has_answered("r.example", time.now()));
  EXPECT_FALSE(heard.has_answered("s.example", start));
  const auto then = time.now();
  time.advance(1s);
  heard.token_fetched("r.example", "ok");
  EXPECT_TRUE(heard.has_answered("r.example", then));
}

}  // namespace
}  // namespace pinhook::access
