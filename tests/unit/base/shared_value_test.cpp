#include <pinhook/base/shared_value.hpp>

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace pinhook {
namespace {

TEST(SharedValue, IsNullUntilStored) {
  shared_value<const int> value;
  EXPECT_EQ(value.load(), nullptr);
  value.store(std::make_shared<const int>(1));
  EXPECT_EQ(*value.load(), 1);
}

TEST(SharedValue, LeavesTheOldOneToItsReaders) {
  shared_value<const int> value(std::make_shared<const int>(1));
  const auto before = value.load();
  value.store(std::make_shared<const int>(2));
  EXPECT_EQ(*before, 1);
  EXPECT_EQ(*value.load(), 2);
}

// The old value is destroyed only when the last reader has gone, and without the lock: its destructor reads again.
TEST(SharedValue, EndsTheOldOneWithoutItsLock) {
  shared_value<const int> value;
  int seen = 0;
  value.store({new int(1), [&](const int* old) {
                 seen = *value.load();
                 delete old;
               }});
  value.store(std::make_shared<const int>(2));
  EXPECT_EQ(seen, 2);
}

// For ThreadSanitizer, which reports libstdc++ 12's std::atomic<std::shared_ptr> here.
TEST(SharedValue, IsReadWhileItIsReplaced) {
  shared_value<const int> value(std::make_shared<const int>(0));
  std::vector<std::jthread> readers;
  for (int reader = 0; reader < 2; ++reader)
    readers.emplace_back([&] {
      int last = 0;
      for (int i = 0; i < 10'000; ++i) {
        const int now = *value.load();
        EXPECT_GE(now, last);
        last = now;
      }
    });
  for (int i = 1; i <= 10'000; ++i) value.store(std::make_shared<const int>(i));
}

}  // namespace
}  // namespace pinhook
