#include <pinhook/pipeline/in_order.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

namespace pinhook::pipeline {
namespace {

using ::testing::Each;

TEST(InOrder, GivesEachResultOnceInItsOrder) {
  for (const std::size_t threads : {1U, 2U, 4U})
    for (const std::size_t count : {0U, 1U, 3U, 500U}) {
      std::vector<std::atomic<int>> made(count);
      in_order<std::size_t> work({.count = count, .threads = threads}, [&](std::size_t i) {
        ++made[i];
        return i;
      });
      std::vector<std::size_t> got;
      work.run([&](std::size_t one) { got.push_back(one); });
      std::vector<std::size_t> all(count);
      std::iota(all.begin(), all.end(), std::size_t{0});
      EXPECT_EQ(got, all);
      EXPECT_THAT(std::vector<int>(made.begin(), made.end()), Each(1));
    }
}

// The first result is the last to come, so that the others wait for it.
TEST(InOrder, HoldsNoMoreResultsThanItMay) {
  constexpr std::size_t count = 100;
  constexpr std::size_t held = 3 * 2;
  std::atomic<std::size_t> begun = 0;
  std::size_t taken = 0;
  std::size_t most = 0;
  in_order<std::size_t> work({.count = count, .threads = 3, .ahead = 2}, [&](std::size_t i) {
    const std::size_t now = ++begun;
    if (i == 0)
      while (begun < held) std::this_thread::yield();
    return now;
  });
  work.run([&](std::size_t) {
    most = std::max<std::size_t>(most, begun - taken);
    ++taken;
  });
  EXPECT_EQ(taken, count);
  // And the one that is taken.
  EXPECT_LE(most, held + 1);
}

TEST(InOrder, TakesOnTheThreadOfTheCaller) {
  const auto caller = std::this_thread::get_id();
  in_order<int> work({.count = 50, .threads = 4}, [](std::size_t) { return 0; });
  work.run([&](int) { EXPECT_EQ(std::this_thread::get_id(), caller); });
}

TEST(InOrder, EndsItsThreadsWhenTheCallerThrows) {
  in_order<int> work({.count = 1'000, .threads = 4}, [](std::size_t) { return 0; });
  EXPECT_THROW(work.run([](int) { throw std::runtime_error("full"); }), std::runtime_error);
}

}  // namespace
}  // namespace pinhook::pipeline
