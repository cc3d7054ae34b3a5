#include <pinhook/resolve/fair_line.hpp>

#include "support/dice.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using keys = std::vector<fair_line::key>;

const steady_time t0{1'000'000s};
const fair_line::filter anybody{[](fair_line::key) { return true; }};

struct FairLine : ::testing::Test {
  fair_line line{{2, 0, 1s}};
  fair_line::key last = 0;

  fair_line::key come(const std::string& owner, std::uint64_t request = 1) {
    line.enter(++last, owner, {{owner, request}});
    return last;
  }
  std::optional<fair_line::key> next(steady_time now = t0) { return line.next(now, anybody); }
  // Lets in the next entries until there is no place.
  keys fill(steady_time now = t0) {
    keys out;
    while (const auto number = next(now)) out.push_back(*number);
    return out;
  }
  // The order in which all are served, one at a time.
  keys serve() {
    keys out;
    while (const auto number = next()) {
      out.push_back(*number);
      line.leave(*number);
    }
    return out;
  }
};

TEST_F(FairLine, OwnersTakeTurns) {
  line = fair_line({1, 0, 1s});
  const auto a1 = come("a"), a2 = come("a"), a3 = come("a"), b1 = come("b"), c1 = come("c"), c2 = come("c");
  EXPECT_THAT(serve(), ElementsAre(a1, b1, c1, a2, c2, a3));
  EXPECT_EQ(line.owners(), 0U);
}

TEST_F(FairLine, TheRequestsOfAnOwnerTakeTurns) {
  line = fair_line({1, 0, 1s});
  const auto a1 = come("a", 1), a2 = come("a", 1), a3 = come("a", 1), b1 = come("a", 2), c1 = come("a", 3);
  EXPECT_THAT(serve(), ElementsAre(a1, b1, c1, a2, a3));
}

TEST_F(FairLine, AnOlderRequestIsNotPassedByNewerOnesForEver) {
  line = fair_line({1, 0, 1s});
  come("a", 1);
  const auto second = come("a", 1);
  keys served;
  for (std::uint64_t request = 2; request < 20; ++request) {
    come("a", request);
    served.push_back(*next());
    line.leave(served.back());
  }
  EXPECT_TRUE(std::ranges::find(served, second) - served.begin() < 4);
}

TEST_F(FairLine, WhoHoldsLeastIsNext) {
  line = fair_line({3, 0, 1s});
  const auto a1 = come("a"), a2 = come("a");
  come("a");
  come("a");
  EXPECT_EQ(next(), a1);
  EXPECT_EQ(next(), a2);
  const auto b1 = come("b");
  const auto b2 = come("b");
  EXPECT_EQ(next(), b1);
  line.leave(a1);
  line.leave(b1);
  EXPECT_EQ(next(), b2) << "b holds none, a holds one";
}

TEST_F(FairLine, TheLastPlaceIsKeptForAnOwnerThatHoldsNone) {
  line = fair_line({4, 1, 1s});
  for (int i = 0; i < 9; ++i) come("a");
  EXPECT_EQ(fill().size(), 3U);
  const auto b = come("b");
  come("b");
  EXPECT_THAT(fill(), ElementsAre(b));
}

TEST_F(FairLine, OfFewPlacesNoneIsKept) {
  line = fair_line({3, 1, 1s});
  for (int i = 0; i < 9; ++i) come("a");
  EXPECT_EQ(fill().size(), 3U);
}

TEST_F(FairLine, WhatMayNotIsPassedOver) {
  const auto a1 = come("a");
  const auto a2 = come("a");
  const auto b1 = come("b");
  EXPECT_EQ(line.next(t0, {[&](fair_line::key number) { return number != a1; }}), a2);
  EXPECT_EQ(line.next(t0, {[&](fair_line::key number) { return number != a1; }}), b1);
  EXPECT_EQ(line.waiting(), 1U);
}

TEST_F(FairLine, WhatNobodyWantsComesLast) {
  line = fair_line({1, 0, 1s});
  const auto left = come("a");
  const auto stays = come("b");
  const auto also = come("a");
  line.set_claims(left, {});
  EXPECT_THAT(serve(), ElementsAre(also, stays, left));
}

TEST_F(FairLine, WhatNobodyWantsGivesWayToAnybody) {
  const auto a1 = come("a"), a2 = come("a"), a3 = come("a");
  fill();
  EXPECT_FALSE(line.give_way(t0 + 1h, anybody).entry) << "one's own is no reason";
  line.set_claims(a2, {});
  EXPECT_EQ(line.give_way(t0, anybody).entry, a2);
  line.leave(a2);
  EXPECT_EQ(next(), a3);
  EXPECT_FALSE(line.give_way(t0, anybody).entry);
  line.leave(a1);
}

TEST_F(FairLine, WhoHoldsMostGivesWayAfterItsTime) {
  const auto a1 = come("a");
  fill();
  come("a");
  fill(t0 + 300ms);
  come("b");
  EXPECT_FALSE(line.give_way(t0 + 500ms, anybody).entry);
  EXPECT_EQ(line.give_way(t0 + 500ms, anybody).when, t0 + 1s);
  EXPECT_EQ(line.give_way(t0 + 1s, anybody).entry, a1) << "the one that holds its place longest";
}

TEST_F(FairLine, NobodyGivesWayToOneWhoWouldHoldAsMany) {
  line = fair_line({3, 0, 1s});
  for (int i = 0; i < 2; ++i) come("a");
  come("b");
  fill();
  come("b");
  EXPECT_FALSE(line.give_way(t0 + 1h, anybody).entry) << "two and one would be one and two";
}

TEST_F(FairLine, WhatAnotherWantsTooDoesNotGiveWay) {
  const auto a1 = come("a");
  const auto a2 = come("a");
  line.set_claims(a1, {{"a", 1}, {"b", 7}});
  fill();
  come("c");
  EXPECT_EQ(line.give_way(t0 + 1s, anybody).entry, a2);
}

TEST_F(FairLine, WhoJoinsBringsHisOwnTurn) {
  line = fair_line({1, 0, 1s});
  const auto first = come("a");
  for (int i = 0; i < 50; ++i) come("a");
  const auto shared = come("a");
  line.set_claims(shared, {{"a", 1}, {"b", 9}});
  EXPECT_EQ(next(), first);
  line.leave(first);
  EXPECT_EQ(next(), shared) << "b's turn";
  EXPECT_EQ(line.held_by("b"), 1U);
  line.set_claims(shared, {{"a", 1}});
  EXPECT_EQ(line.held_by("a"), 1U) << "it counts against the owner that wants it";
  line.set_claims(shared, {});
  EXPECT_EQ(line.held_by("a"), 1U) << "and against the last one when none does";
  EXPECT_EQ(line.held_by("b"), 0U);
}

// Compares with a plain count of everything over random events.
TEST(FairLineDice, BoundsHoldNobodyStarvesAndNothingIsLeft) {
  for (unsigned seed = 0; seed < 25; ++seed) {
    SCOPED_TRACE(seed);
    testing::dice dice(seed);
    const fair_options options{1 + dice.roll(9), dice.roll(2), 1s};
    fair_line line(options);
    const std::size_t owners = 1 + dice.roll(6);
    steady_time now = t0;
    fair_line::key last = 0;
    std::map<fair_line::key, std::string> waiting;
    std::map<fair_line::key, std::pair<std::string, steady_time>> holding;
    std::map<fair_line::key, std::size_t> passed;  // times that others were let in meanwhile
    std::set<fair_line::key> blocked;
    const fair_line::filter may{[&](fair_line::key number) { return !blocked.contains(number); }};
    for (int step = 0; step < 600; ++step) {
      now += std::chrono::milliseconds(dice.roll(400));
      const std::string owner = fmt::format("o{}", dice.roll(owners));
      switch (dice.roll(5)) {
        case 0:
        case 1: {
          if (waiting.size() > 40) break;
          line.enter(++last, owner, {{owner, dice.roll(3)}});
          waiting[last] = owner;
          if (dice.once_in(9)) blocked.insert(last);
          break;
        }
        case 2: {
          if (!dice.once_in(4) || waiting.empty()) break;
          const auto number = std::next(waiting.begin(), static_cast<long>(dice.roll(waiting.size())))->first;
          line.leave(number);
          blocked.erase(number);
          waiting.erase(number);
          break;
        }
        case 3: {
          if (holding.empty()) break;
          const auto number = std::next(holding.begin(), static_cast<long>(dice.roll(holding.size())))->first;
          EXPECT_TRUE(line.leave(number));
          holding.erase(number);
          break;
        }
        default:
          if (!blocked.empty() && dice.once_in(3)) blocked.erase(blocked.begin());
      }
      if (!waiting.empty()) {
        // One alone is found as by a look at all.
        const auto alone = std::next(waiting.begin(), static_cast<long>(dice.roll(waiting.size())))->first;
        const fair_line::filter by_all{[&](fair_line::key number) { return number == alone && may.may(number); }};
        const fair_line::filter by_one{may.may, alone};
        fair_line one = line;
        fair_line other = line;
        ASSERT_EQ(one.next(now, by_one), other.next(now, by_all));
        ASSERT_EQ(line.give_way(now, by_one).entry, line.give_way(now, by_all).entry);
      }
      while (true) {
        if (const auto number = line.next(now, may)) {
          ASSERT_TRUE(waiting.contains(*number));
          EXPECT_FALSE(blocked.contains(*number));
          for (const auto& [other, by] : waiting)
            if (other != *number && by == waiting[*number] && !blocked.contains(other)) ++passed[other];
          holding[*number] = {waiting[*number], now};
          waiting.erase(*number);
          continue;
        }
        const auto way = line.give_way(now, may);
        if (!way.entry) break;
        ASSERT_TRUE(holding.contains(*way.entry));
        EXPECT_GE(now - holding[*way.entry].second, options.patience);
        line.leave(*way.entry);
        holding.erase(*way.entry);
      }
      ASSERT_EQ(line.held(), holding.size());
      ASSERT_EQ(line.waiting(), waiting.size());
      ASSERT_LE(holding.size(), options.places);
      // An owner that holds none and may enter waits only while no owner holds more than one for longer than its time.
      std::map<std::string, std::size_t> count;
      for (const auto& [number, by] : holding) ++count[by.first];
      for (const auto& [number, by] : waiting) {
        if (blocked.contains(number) || count.contains(by)) continue;
        EXPECT_EQ(holding.size(), options.places);
        for (const auto& [held, of] : holding)
          EXPECT_TRUE(count[of.first] == 1 || now - of.second < options.patience) << held;
      }
    }
    for (const auto& [number, times] : passed) EXPECT_LE(times, 200U) << number;
    for (const auto& [number, by] : waiting) line.leave(number);
    for (const auto& [number, by] : holding) line.leave(number);
    EXPECT_EQ(line.owners(), 0U);
    EXPECT_EQ(line.held() + line.waiting(), 0U);
  }
}

}  // namespace
}  // namespace pinhook::resolve
