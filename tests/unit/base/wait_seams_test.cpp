#include <pinhook/base/wait_seams.hpp>

#include "support/run.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <gtest/gtest.h>

namespace pinhook {
namespace {

TEST(WaitSeams, TheJitterIsInTheUnitIntervalAndVaries) {
  const wait_seams seams;
  const double first = seams.random();
  bool varies = false;
  for (int i = 0; i < 100; ++i) {
    const double one = seams.random();
    EXPECT_GE(one, 0);
    EXPECT_LT(one, 1);
    varies = varies || one != first;
  }
  EXPECT_TRUE(varies);
}

TEST(WaitSeams, ACanceledWaitEndsAtOnceWithoutAnException) {
  asio::io_context io(1);
  asio::cancellation_signal stop;
  bool is_done = false;
  asio::co_spawn(io, wait_seams().sleep(std::chrono::hours(1)),
                 asio::bind_cancellation_slot(stop.slot(), [&](const std::exception_ptr& thrown) {
                   EXPECT_FALSE(thrown);
                   is_done = true;
                 }));
  io.poll();
  EXPECT_FALSE(is_done);
  stop.emit(asio::cancellation_type::terminal);
  io.restart();
  io.run();
  EXPECT_TRUE(is_done);
}

}  // namespace
}  // namespace pinhook
