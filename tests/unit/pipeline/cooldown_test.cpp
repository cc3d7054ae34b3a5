#include <pinhook/pipeline/cooldown.hpp>

#include "support/fake_resolver.hpp"

#include <pinhook/base/timestamp.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::digest_of_digit;
using resolve::locked_image;
using resolve::seen_digest;
using namespace std::chrono_literals;

const std::string now = "2026-11-29T12:00:00Z";
const std::string before = "2026-11-01T00:00:00Z";

locked_image held(std::optional<seen_digest> seen = {}) { return {digest_of_digit('a'), before, std::move(seen)}; }
locked_image taken(char digit) { return {digest_of_digit(digit), now, {}}; }
seen_digest seen(char digit, const std::string& since) { return {digest_of_digit(digit), since}; }

TEST(Cooldown, DecidesAfterEachLookUp) {
  struct row {
    const char* name;
    std::optional<locked_image> held;
    char found;
    std::chrono::nanoseconds length;
    locked_image expected;
  };
  const row rows[] = {
      {"a first sight of a tag", {}, 'a', 72h, taken('a')},
      {"the same digest", held(), 'a', 72h, held()},
      {"a move", held(), 'b', 72h, held(seen('b', now))},
      {"a move without a wait", held(), 'b', 0h, taken('b')},
      {"the same move again", held(seen('b', "2026-11-28T12:00:00Z")), 'b', 72h,
       held(seen('b', "2026-11-28T12:00:00Z"))},
      {"a second before the end", held(seen('b', "2026-11-26T12:00:01Z")), 'b', 72h,
       held(seen('b', "2026-11-26T12:00:01Z"))},
      {"the end", held(seen('b', "2026-11-26T12:00:00Z")), 'b', 72h, taken('b')},
      {"an offset", held(seen('b', "2026-11-26T13:00:00+01:00")), 'b', 72h, taken('b')},
      {"a second move", held(seen('b', "2026-11-20T12:00:00Z")), 'c', 72h, held(seen('c', now))},
      {"a move back", held(seen('b', "2026-11-28T12:00:00Z")), 'a', 72h, held()},
      {"a first sight in the future", held(seen('b', "2099-01-01T00:00:00Z")), 'b', 72h, held(seen('b', now))},
      {"a first sight that is no time", held(seen('b', "2026-99-01T00:00:00Z")), 'b', 72h, held(seen('b', now))},
  };
  for (const row& one : rows) {
    SCOPED_TRACE(one.name);
    const auto got =
        after_look_up(one.held ? &*one.held : nullptr, digest_of_digit(one.found), {one.length, *parse_timestamp(now)});
    EXPECT_EQ(got.digest, one.expected.digest);
    EXPECT_EQ(got.when, one.expected.when);
    EXPECT_EQ(got.seen, one.expected.seen);
  }
}

// The sights of the store of reports, by tag; the earlier one of two counts.
TEST(Cooldown, AnotherMemoryCountsToo) {
  struct row {
    const char* name;
    std::optional<seen_digest> own, other;
    std::optional<seen_digest> expected;
  };
  const row rows[] = {
      {"earlier", seen('b', now), seen('b', "2026-11-28T12:00:00Z"), seen('b', "2026-11-28T12:00:00Z")},
      {"later", seen('b', "2026-11-28T12:00:00Z"), seen('b', now), seen('b', "2026-11-28T12:00:00Z")},
      {"alone", {}, seen('b', "2026-11-28T12:00:00Z"), seen('b', "2026-11-28T12:00:00Z")},
      {"over", {}, seen('b', "2026-11-20T12:00:00Z"), {}},
      {"of another digest", {}, seen('c', "2026-11-20T12:00:00Z"), seen('b', now)},
      {"in the future", {}, seen('b', "2099-01-01T00:00:00Z"), seen('b', now)},
  };
  for (const row& one : rows) {
    cooldown wait{.length = 72h, .now = *parse_timestamp(now)};
    if (one.other) wait.sights.emplace("docker.io/library/nginx:1", *one.other);
    const auto image = held(one.own);
    EXPECT_EQ(after_look_up(&image, digest_of_digit('b'), wait, "docker.io/library/nginx:1"),
              one.expected ? held(one.expected) : taken('b'))
        << one.name;
    EXPECT_EQ(after_look_up(&image, digest_of_digit('b'), wait, "docker.io/library/redis:1"),
              held(one.own ? *one.own : seen('b', now)))
        << one.name;
  }
}

TEST(Cooldown, SaysUntilWhen) {
  EXPECT_EQ(waiting_note("docker.io/library/nginx:1.25", held(seen('b', "2026-11-28T12:00:00Z")),
                         {72h, *parse_timestamp(now)}),
            "docker.io/library/nginx:1.25 moved to " + digest_of_digit('b').to_string() +
                ", seen since 2026-11-28T12:00:00Z; " + digest_of_digit('a').to_string() +
                " stays until 2026-12-01T12:00:00Z (--cooldown 72h)");
}

}  // namespace
}  // namespace pinhook::pipeline
