#include <pinhook/base/error.hpp>

#include <gtest/gtest.h>

namespace pinhook {
namespace {

TEST(Error, NamesItsCodes) {
  EXPECT_EQ(to_string(error_code::invalid_input), "invalid_input");
  EXPECT_EQ(to_string(error_code::rate_limited), "rate_limited");
  EXPECT_EQ(to_string(error_code::internal), "internal");
}

TEST(Error, OnlyTemporaryCodesAreWorthAskingAgain) {
  for (const auto code : {error_code::rate_limited, error_code::unavailable, error_code::timed_out,
                          error_code::canceled, error_code::malformed})
    EXPECT_TRUE(is_temporary(code)) << to_string(code);
  for (const auto code : {error_code::invalid_input, error_code::not_found, error_code::unauthorized,
                          error_code::denied, error_code::unsupported, error_code::internal})
    EXPECT_FALSE(is_temporary(code)) << to_string(code);
}

TEST(Error, AtPutsThePlaceInFrontAndKeepsTheRest) {
  const error e{error_code::rate_limited, "too many requests", std::chrono::seconds(7)};
  const error placed = e.at("registry ghcr.io");
  EXPECT_EQ(placed.message, "registry ghcr.io: too many requests");
  EXPECT_EQ(placed.code, error_code::rate_limited);
  EXPECT_EQ(placed.retry_after, std::chrono::seconds(7));
}

TEST(Quoted, EscapesWhatCouldBreakALineOrATerminal) {
  EXPECT_EQ(quoted("plain"), "\"plain\"");
  EXPECT_EQ(quoted("say \"hi\"\\"), "\"say \\\"hi\\\"\\\\\"");
  EXPECT_EQ(quoted("a\nb\x1b[31m"), "\"a\\x0ab\\x1b[31m\"");
  EXPECT_EQ(quoted("\xc3\xa9"), "\"\\xc3\\xa9\"");
  EXPECT_EQ(quoted("\xe2\x80\xae"), "\"\\u202e\"");
  EXPECT_EQ(quoted("\xff"), "\"\\xff\"");
}

TEST(Quoted, CutsAtTheLimit) {
  EXPECT_EQ(quoted(std::string(10, 'x'), 10), "\"xxxxxxxxxx\"");
  EXPECT_EQ(quoted(std::string(11, 'x'), 10), "\"xxxxxxxxxx…\"");
  EXPECT_EQ(quoted("abc\xc3\xa9", 4), "\"abc…\"") << "not within a character";
}

}  // namespace
}  // namespace pinhook
