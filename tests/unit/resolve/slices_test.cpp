#include <pinhook/resolve/slices.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace pinhook::resolve {
namespace {

struct Slices : ::testing::Test {
  boost::asio::io_context io;
  std::optional<slices> all{io.get_executor()};
  std::string order;

  // `number` slices, each of which writes the name.
  slices::step work(char name, int number) {
    return [this, name, left = number]() mutable {
      order += name;
      return --left > 0;
    };
  }
};

TEST_F(Slices, RunsTheFirstAtOnceAndTheOthersLater) {
  all->run(work('a', 3));
  EXPECT_EQ(order, "a");
  io.run();
  EXPECT_EQ(order, "aaa");
}

TEST_F(Slices, WorksTakeTurns) {
  all->run(work('a', 4));
  all->run(work('b', 3));
  all->run(work('c', 1));
  io.run();
  EXPECT_EQ(order, "abcababa");
}

TEST_F(Slices, WhatComesMeanwhileWaitsForOneSlice) {
  all->run(work('a', 3));
  boost::asio::post(io, [this] { order += '!'; });
  io.run();
  EXPECT_EQ(order, "aa!a");
}

TEST_F(Slices, FinishRunsWhatIsLeft) {
  all->run(work('a', 3));
  all->run(work('b', 2));
  all->finish();
  EXPECT_EQ(order, "abaab");
  io.run();
  EXPECT_EQ(order, "abaab");
}

TEST_F(Slices, WhatHasNotRunWhenItDiesNeverRuns) {
  all->run(work('a', 3));
  all.reset();
  io.run();
  EXPECT_EQ(order, "a");
}

TEST_F(Slices, AWorkMayBeginAnother) {
  all->run([this, n = 0]() mutable {
    order += 'a';
    if (n == 0) all->run(work('b', 2));
    return ++n < 2;
  });
  io.run();
  EXPECT_EQ(order, "abba");
}

}  // namespace
}  // namespace pinhook::resolve
