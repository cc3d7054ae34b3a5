#include <pinhook/access/told_count.hpp>

#include "support/run.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

namespace pinhook::access {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ToldCount : public ::testing::Test {
 protected:
  told_count::listener listener() {
    return [this](std::size_t done, std::size_t total) {
      told.push_back(std::to_string(done) + "/" + std::to_string(total));
    };
  }
  // Each worker ends when the clock has ticked `after` times.
  void run(told_count& count, std::size_t workers, int after) {
    const auto work = [&]() -> awaitable<void> {
      while (ticks < after) {
        asio::steady_timer turn(io, asio::steady_timer::time_point::min());
        co_await turn.async_wait(asio::use_awaitable);
      }
      count.add();
    };
    const auto all = [&]() -> awaitable<bool> {
      std::vector<awaitable<void>> each;
      for (std::size_t i = 0; i < workers; ++i) each.push_back(work());
      told_options options;
      options.sleep = [this, after](std::chrono::nanoseconds span) -> awaitable<void> {
        slept.push_back(span);
        // Those after the last end as a timer does, when they are cancelled.
        const bool is_last = ++ticks >= after;
        co_await sleep_on_timer(is_last ? std::chrono::nanoseconds(1h) : 0ns);
      };
      co_await run_told(io.get_executor(), count, std::move(each), std::move(options));
      co_return true;
    };
    testing::run_on(io, all());
  }

  asio::io_context io{1};
  int ticks = 0;
  std::vector<std::chrono::nanoseconds> slept;
  std::vector<std::string> told;
};

TEST_F(ToldCount, TellsTheStartAndEachThatIsDone) {
  told_count count(2, listener());
  EXPECT_FALSE(count.is_whole());
  count.add();
  count.add();
  EXPECT_TRUE(count.is_whole());
  EXPECT_THAT(told, ElementsAre("0/2", "1/2", "2/2"));
}

TEST_F(ToldCount, SaysNothingWhereNothingIsToDo) {
  const told_count count(0, listener());
  EXPECT_TRUE(count.is_whole());
  EXPECT_THAT(told, IsEmpty());
}

TEST_F(ToldCount, IsToldByTheClockWhileWorkersWait) {
  told_count count(2, listener());
  run(count, 2, 4);
  EXPECT_THAT(told, ElementsAre("0/2", "0/2", "0/2", "0/2", "1/2", "2/2"));
  EXPECT_THAT(slept, ::testing::Each(std::chrono::nanoseconds(1s)));
}

TEST_F(ToldCount, RunsWithoutAListenerAndWithoutWorkers) {
  told_count unheard(1, {});
  EXPECT_FALSE(unheard.is_heard());
  run(unheard, 1, 0);
  EXPECT_TRUE(unheard.is_whole());
  EXPECT_THAT(slept, IsEmpty());
  told_count nothing(0, listener());
  run(nothing, 0, 0);
  EXPECT_THAT(told, IsEmpty());
}

}  // namespace
}  // namespace pinhook::access
