#include <pinhook/server/task_group.hpp>

#include "support/run.hpp"

#include <pinhook/base/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::server {
namespace {

awaitable<void> wait_for_ever(asio::io_context& io, int& ended) {
  struct at_end {
    int& count;
    ~at_end() { ++count; }
  };
  const at_end guard{ended};
  asio::steady_timer timer(io, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

awaitable<int> wait_for(task_group& g) {
  co_await g.wait();
  co_return 1;
}

TEST(TaskGroup, WaitOfAnEmptyGroupReturns) {
  asio::io_context io(1);
  task_group g(io.get_executor());
  EXPECT_EQ(testing::run_on(io, wait_for(g)), 1);
}

TEST(TaskGroup, CancelEndsEveryChild) {
  asio::io_context io(1);
  task_group g(io.get_executor());
  int ended = 0;
  for (int i = 0; i < 10; ++i) g.spawn(wait_for_ever(io, ended));
  io.poll();
  EXPECT_EQ(g.size(), 10U);
  EXPECT_EQ(ended, 0);
  g.cancel();
  EXPECT_EQ(testing::run_on(io, wait_for(g)), 1);
  EXPECT_EQ(ended, 10);
  EXPECT_TRUE(g.is_empty());
}

TEST(TaskGroup, CancelDoesNotTouchWhatComesLater) {
  asio::io_context io(1);
  task_group g(io.get_executor());
  int ended = 0;
  g.spawn(wait_for_ever(io, ended));
  io.poll();
  g.cancel();
  g.spawn(wait_for_ever(io, ended));
  io.poll();
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(g.size(), 1U);
  g.cancel();
  io.poll();
  EXPECT_TRUE(g.is_empty());
}

std::string logged;

awaitable<void> throws(std::string message) {
  if (!message.empty()) throw std::runtime_error(message);
  co_return;
}

TEST(TaskGroup, LogsAChildThatThrows) {
  asio::io_context io(1);
  task_group g(io.get_executor());
  int ended = 0;
  log::redirect([](std::string_view line) { logged += line; });
  g.spawn(throws("out of order"));
  g.spawn(wait_for_ever(io, ended));
  io.poll();
  EXPECT_NE(logged.find("out of order"), std::string::npos);
  logged.clear();
  g.cancel();
  io.poll();
  log::redirect(nullptr);
  EXPECT_EQ(logged, "") << "cancellation is no news";
  EXPECT_TRUE(g.is_empty());
}

}  // namespace
}  // namespace pinhook::server
