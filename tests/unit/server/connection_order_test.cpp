#include <pinhook/server/connection_order.hpp>

#include "support/dice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace pinhook::server {
namespace {

// The sessions are never used: their addresses serve as names.
session* named(std::size_t n) { return reinterpret_cast<session*>((n + 1) * 8); }

steady_time at(int seconds) { return steady_time(std::chrono::seconds(seconds)); }

TEST(ConnectionOrder, SilentOnesComeBeforeIdleOnes) {
  connection_order order;
  EXPECT_EQ(order.first(), nullptr);
  EXPECT_EQ(order.oldest_silent(), connection_order::none);
  const auto idle = order.add(named(0), at(1));
  order.begin_request(idle);
  EXPECT_EQ(order.first(), nullptr) << "it is being served";
  order.end_request(idle, at(2));
  EXPECT_EQ(order.first(), named(0));
  EXPECT_EQ(order.longest_idle(), at(2));
  const auto silent = order.add(named(1), at(9));
  EXPECT_EQ(order.first(), named(1));
  EXPECT_EQ(order.oldest_silent(), at(9));
  order.touch(silent, at(10));
  EXPECT_EQ(order.oldest_silent(), at(9)) << "a first byte is no request";
  order.remove(silent);
  EXPECT_EQ(order.first(), named(0));
  order.remove(idle);
  EXPECT_EQ(order.longest_idle(), connection_order::none);
}

// Compared with a list that is searched.
TEST(ConnectionOrder, IsThatOfANaiveOne) {
  struct naive {
    std::size_t name;
    int kind;  // 0 silent, 1 idle, 2 busy
    int since;
    connection_order::place place;
  };
  testing::dice dice(7);
  connection_order order;
  std::vector<naive> all;
  std::size_t names = 0;
  for (int now = 0; now < 5'000; ++now) {
    const auto pick = all.empty() ? 0 : dice.roll(all.size());
    switch (all.empty() ? 0 : dice.roll(5)) {
      case 0:
        all.push_back({names, 0, now, order.add(named(names), at(now))});
        ++names;
        break;
      case 1:
        all[pick].kind = 2;
        order.begin_request(all[pick].place);
        break;
      case 2:
        if (all[pick].kind != 2) break;
        all[pick].kind = 1;
        all[pick].since = now;
        order.end_request(all[pick].place, at(now));
        break;
      case 3:
        if (all[pick].kind == 1) all[pick].since = now;
        order.touch(all[pick].place, at(now));
        break;
      default:
        order.remove(all[pick].place);
        all.erase(all.begin() + static_cast<std::ptrdiff_t>(pick));
    }
    const auto first = std::ranges::min_element(all, {}, [](const naive& n) { return std::pair(n.kind, n.since); });
    session* const expected = first == all.end() || first->kind == 2 ? nullptr : named(first->name);
    ASSERT_EQ(order.first(), expected) << now;
  }
  for (const auto& one : all) order.remove(one.place);
}

}  // namespace
}  // namespace pinhook::server
