#include <pinhook/resolve/tag_moves.hpp>

#include "support/fake_resolver.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace pinhook::resolve {
namespace {

using testing::digest_of_digit;
using namespace std::chrono_literals;

const wall_time noon = wall_time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 29)) + 12h;

// The digests are a (before), b (in the file), c (newer than the file); the cooldown is 72 h, and it is noon.
TEST(TagMoves, HoldsBackWhatIsTooYoung) {
  struct row {
    const char* name;
    std::optional<wall_time> moved;
    char found;
    std::chrono::nanoseconds cooldown;
    char held;
    std::optional<wall_time> until;
  };
  constexpr char taken = '-';
  const row rows[] = {
      {"moved an hour ago", noon - 1h, 'b', 72h, 'a', noon + 71h},
      {"a second before the end", noon - 72h + 1s, 'b', 72h, 'a', noon + 1s},
      {"at the end", noon - 72h, 'b', 72h, taken, {}},
      {"moved long ago", noon - 99h, 'b', 72h, taken, {}},
      {"moved back", noon - 1h, 'a', 72h, taken, {}},
      {"moved back to what stood long before", noon - 99h, 'a', 72h, 'b', {}},
      {"has not moved", {}, 'b', 72h, taken, {}},
      {"moved after the file was written", {}, 'c', 72h, 'b', {}},
      {"moved again after the file was written", noon - 1h, 'c', 72h, 'a', {}},
      {"moved again, and the first move is over", noon - 99h, 'c', 72h, 'b', {}},
      {"a shorter cooldown", noon - 2h, 'b', 1h, taken, {}},
      {"none", noon - 1h, 'b', 0h, taken, {}},
      {"none, after the file", {}, 'c', 0h, taken, {}},
      {"a first sight in the future", noon + 9h, 'b', 72h, 'a', noon + 72h},
  };
  for (const row& one : rows) {
    seen_tag tag{digest_of_digit('b')};
    if (one.moved) tag.before = tag_before{digest_of_digit('a'), *one.moved};
    const auto held = held_back(tag, digest_of_digit(one.found), one.cooldown, noon);
    const auto expected =
        one.held == taken ? std::nullopt : std::optional(held_tag{digest_of_digit(one.held), one.until});
    EXPECT_EQ(held, expected) << one.name;
  }
}

// A tag had a, then b for 40 hours, c for 10 and d since an hour ago: each cooldown gets what stood for it.
TEST(TagMoves, EachCooldownHasADigestBeforeOfItsOwn) {
  seen_tag tag{digest_of_digit('d')};
  tag.before =
      tag_before{digest_of_digit('a'), noon - 1h, "bytes", {{digest_of_digit('b'), 40h}, {digest_of_digit('c'), 10h}}};
  struct row {
    std::chrono::nanoseconds cooldown;
    char found;
    std::optional<held_tag> held;
  };
  const row rows[] = {
      {72h, 'd', held_tag{digest_of_digit('a'), noon + 71h}},
      {41h, 'd', held_tag{digest_of_digit('a'), noon + 40h}},
      {40h, 'd', held_tag{digest_of_digit('b'), noon + 39h}},
      {11h, 'd', held_tag{digest_of_digit('b'), noon + 10h}},
      {10h, 'd', held_tag{digest_of_digit('c'), noon + 9h}},
      {2h, 'd', held_tag{digest_of_digit('c'), noon + 1h}},
      {1h, 'd', std::nullopt},
      {0h, 'd', std::nullopt},
      // Newer than the file, and back at what stands for the cooldown.
      {40h, 'e', held_tag{digest_of_digit('b'), std::nullopt}},
      {1h, 'e', held_tag{digest_of_digit('d'), std::nullopt}},
      {40h, 'b', std::nullopt},
      {10h, 'b', held_tag{digest_of_digit('c'), std::nullopt}},
  };
  for (const row& one : rows)
    EXPECT_EQ(held_back(tag, digest_of_digit(one.found), one.cooldown, noon), one.held)
        << one.cooldown.count() << " " << one.found;
}

// Away and back within the longest cooldown: it is what it was for that one, and new for one that took the other.
TEST(TagMoves, AMoveBackIsNewWhereTheOtherDigestWasTaken) {
  seen_tag tag{digest_of_digit('a')};
  tag.before = tag_before{digest_of_digit('a'), noon - 1h, "bytes", {{digest_of_digit('b'), 10h}}};
  EXPECT_EQ(held_back(tag, digest_of_digit('a'), 72h, noon), std::nullopt);
  EXPECT_EQ(held_back(tag, digest_of_digit('a'), 10h, noon), (held_tag{digest_of_digit('b'), noon + 9h}));
}

}  // namespace
}  // namespace pinhook::resolve
