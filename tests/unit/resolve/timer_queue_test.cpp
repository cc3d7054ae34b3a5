#include <pinhook/resolve/timer_queue.hpp>

#include "support/fake_alarm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

struct TimerQueue : ::testing::Test {
  testing::time_machine time;
  timer_queue queue{time.clock, time.make_alarm()};
  std::vector<int> ran;
  steady_time start = time.clock.now();

  TimerQueue() {
    queue.on_ring([this] { queue.run_due(); });
  }
  timer_queue::id add(std::chrono::seconds in, int name) {
    return queue.add(start + in, [this, name] { ran.push_back(name); });
  }
};

TEST_F(TimerQueue, RunsInTheOrderOfTime) {
  add(3s, 3);
  add(1s, 1);
  add(2s, 2);
  add(2s, 22);
  time.advance(2s);
  EXPECT_THAT(ran, ElementsAre(1, 2, 22));
  time.advance(1s);
  EXPECT_THAT(ran, ElementsAre(1, 2, 22, 3));
  EXPECT_FALSE(time.is_armed());
}

TEST_F(TimerQueue, WhatIsCanceledDoesNotRun) {
  const auto first = add(1s, 1);
  add(2s, 2);
  queue.cancel(first);
  queue.cancel(first);
  time.advance(5s);
  EXPECT_THAT(ran, ElementsAre(2));
}

TEST_F(TimerQueue, NeverIsNever) {
  queue.add(steady_time::max(), [this] { ran.push_back(1); });
  EXPECT_EQ(queue.size(), 0U);
  EXPECT_FALSE(time.is_armed());
}

TEST_F(TimerQueue, WhatRunsMayAddAndCancel) {
  const auto doomed = add(1s, 9);
  queue.add(start + 1s - 1ns, [this, doomed] {
    queue.cancel(doomed);
    add(1s, 1);
    add(4s, 4);
  });
  time.advance(3s);
  EXPECT_THAT(ran, ElementsAre(1));
  time.advance(1s);
  EXPECT_THAT(ran, ElementsAre(1, 4));
}

TEST_F(TimerQueue, ClearDropsEverything) {
  add(1s, 1);
  queue.clear();
  EXPECT_FALSE(time.is_armed());
  time.advance(2s);
  add(3s, 3);
  time.advance(1s);
  EXPECT_THAT(ran, ElementsAre(3));
}

TEST(Alarm, RingsOnItsExecutorAndNotWhenCleared) {
  boost::asio::io_context io(1);
  const auto bell = make_alarm(io.get_executor());
  int rings = 0;
  bell->set(machine_clock().now(), [&] { ++rings; });
  io.run();
  EXPECT_EQ(rings, 1);
  bell->set(machine_clock().now() + 1h, [&] { ++rings; });
  bell->clear();
  io.restart();
  io.run();
  EXPECT_EQ(rings, 1);
}

}  // namespace
}  // namespace pinhook::resolve
