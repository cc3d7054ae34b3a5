#include <pinhook/resolve/skipped_sources.hpp>

#include <gtest/gtest.h>

namespace pinhook::resolve {
namespace {

error failure(error_code code, std::string message = "no") { return {code, std::move(message), {}}; }

TEST(SkippedSources, ChangesNothingWhenEmpty) {
  EXPECT_EQ(skipped_sources{}.added_to(failure(error_code::denied)), failure(error_code::denied));
}

TEST(SkippedSources, ARefusalIsNotTheLastWordWhileSomethingMayPass) {
  const struct {
    error_code verdict, failure, expected;
  } rows[] = {
      {error_code::unauthorized, error_code::timed_out, error_code::unavailable},
      {error_code::denied, error_code::unavailable, error_code::unavailable},
      {error_code::not_found, error_code::rate_limited, error_code::unavailable},
      {error_code::not_found, error_code::malformed, error_code::unavailable},
      {error_code::unauthorized, error_code::denied, error_code::unauthorized},
      {error_code::not_found, error_code::not_found, error_code::not_found},
      {error_code::unauthorized, error_code::invalid_input, error_code::unauthorized},
      {error_code::timed_out, error_code::unavailable, error_code::timed_out},
      {error_code::unsupported, error_code::unavailable, error_code::unsupported},
      {error_code::rate_limited, error_code::unavailable, error_code::rate_limited},
  };
  for (const auto& row : rows) {
    skipped_sources some;
    some.add("mirror m.corp", failure(row.failure, "down"));
    const error got = some.added_to(failure(row.verdict, "the registry says no"));
    EXPECT_EQ(to_string(got.code), to_string(row.expected)) << to_string(row.verdict) << " " << to_string(row.failure);
    EXPECT_EQ(got.message, "the registry says no; mirror m.corp: down");
  }
}

// "Log in" would be the wrong advice where the look-up may succeed later.
TEST(SkippedSources, WhatMayPassIsNotMendedAsTheRefusalIs) {
  skipped_sources some;
  some.add("mirror m.corp", failure(error_code::timed_out));
  error refused = failure(error_code::denied);
  refused.mended_by = remedy::other_source;
  EXPECT_EQ(some.added_to(refused).mended_by, remedy::of_code);
  some.clear();
  EXPECT_EQ(some.added_to(refused).mended_by, remedy::other_source);
}

TEST(SkippedSources, NamesAFewAndCountsTheRest) {
  skipped_sources some;
  for (int i = 0; i < 6; ++i) some.add("m" + std::to_string(i), failure(error_code::denied, "x"));
  EXPECT_EQ(some.added_to(failure(error_code::denied)).message, "no; m0: x; m1: x; m2: x; m3: x; and 2 more");
  some.clear();
  EXPECT_TRUE(some.is_empty());
}

TEST(SkippedSources, CutsLongTextsBetweenCharacters) {
  for (std::size_t shift = 0; shift < 3; ++shift) {
    skipped_sources some;
    std::string text(shift, 'x');
    while (text.size() < 2 * skipped_sources::most_bytes) text += "…";
    some.add("m", failure(error_code::denied, text));
    const std::string got = some.added_to(failure(error_code::denied)).message;
    EXPECT_LE(got.size(), skipped_sources::most_bytes + 10);
    EXPECT_TRUE(got.ends_with("……"));
    EXPECT_EQ((got.size() - std::string("no; m: ").size() - shift) % std::string("…").size(), 0U);
  }
}

}  // namespace
}  // namespace pinhook::resolve
