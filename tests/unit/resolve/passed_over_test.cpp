#include <pinhook/resolve/passed_over.hpp>

#include <gtest/gtest.h>

namespace pinhook::resolve {
namespace {

error said(error_code code, std::string message = "no") { return {code, std::move(message), {}}; }

TEST(PassedOver, ChangesNothingWhenEmpty) {
  EXPECT_EQ(passed_over{}.added_to(said(error_code::denied)), said(error_code::denied));
}

TEST(PassedOver, ARefusalIsNotTheLastWordWhileSomethingMayPass) {
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
    passed_over some;
    some.add("mirror m.corp", said(row.failure, "down"));
    const error got = some.added_to(said(row.verdict, "the registry says no"));
    EXPECT_EQ(to_string(got.code), to_string(row.expected)) << to_string(row.verdict) << " " << to_string(row.failure);
    EXPECT_EQ(got.message, "the registry says no; mirror m.corp: down");
  }
}

TEST(PassedOver, NamesAFewAndCountsTheRest) {
  passed_over some;
  for (int i = 0; i < 6; ++i) some.add("m" + std::to_string(i), said(error_code::denied, "x"));
  EXPECT_EQ(some.added_to(said(error_code::denied)).message, "no; m0: x; m1: x; m2: x; m3: x; and 2 more");
  some.clear();
  EXPECT_TRUE(some.is_empty());
}

TEST(PassedOver, CutsLongTextsBetweenCharacters) {
  for (std::size_t shift = 0; shift < 3; ++shift) {
    passed_over some;
    std::string text(shift, 'x');
    while (text.size() < 2 * passed_over::most_bytes) text += "…";
    some.add("m", said(error_code::denied, text));
    const std::string got = some.added_to(said(error_code::denied)).message;
    EXPECT_LE(got.size(), passed_over::most_bytes + 10);
    EXPECT_TRUE(got.ends_with("……"));
    EXPECT_EQ((got.size() - std::string("no; m: ").size() - shift) % std::string("…").size(), 0U);
  }
}

}  // namespace
}  // namespace pinhook::resolve
