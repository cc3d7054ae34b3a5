#include <pinhook/cloud/aws_keys.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace pinhook::cloud {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

TEST(AwsKeys, ReadsTheTimesOfAws) {
  const wall_time new_year = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
  EXPECT_EQ(parse_aws_time("2026-01-01T00:00:00Z"), new_year);
  EXPECT_EQ(parse_aws_time("2026-01-01T12:34:56Z"), new_year + 12h + 34min + 56s);
  EXPECT_EQ(parse_aws_time("2026-01-01T00:00:00.123Z"), new_year);
  EXPECT_EQ(parse_aws_time("2025-12-31T23:59:60Z"), new_year);
  EXPECT_EQ(parse_aws_time("2024-02-29T00:00:00Z"), wall_time(std::chrono::sys_days(std::chrono::year(2024) / 2 / 29)));
}

TEST(AwsKeys, ReadsNoOtherTime) {
  for (const char* text : {"",
                           "Z",
                           "2026-01-01",
                           "2026-01-01T00:00:00",
                           "2026-01-01T00:00:00+00:00",
                           "2026-01-01 00:00:00Z",
                           "2026-1-01T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2025-02-29T00:00:00Z",
                           "2026-01-01T24:00:00Z",
                           "2026-01-01T00:60:00Z",
                           "2026-01-01T00:00:61Z",
                           "2026-01-01T00:00:00.Z",
                           "2026-01-01T00:00:00.1234567891Z",
                           "2026-01-01T00:00:00,1Z",
                           "9999-01-01T00:00:00Z",
                           "1969-12-31T00:00:00Z",
                           "+026-01-01T00:00:00Z",
                           "2026-01-01T00:00: 0Z",
                           "2026-01-01T00:00:00Zx"})
    EXPECT_EQ(parse_aws_time(text), std::nullopt) << text;
}

TEST(AwsKeys, ATokenMayStandInAHeader) {
  EXPECT_TRUE(is_aws_token("ASIAEXAMPLE"));
  EXPECT_TRUE(is_aws_token("a+/=~!"));
  EXPECT_TRUE(is_aws_token(std::string(max_aws_key_size, 'a')));
  for (const auto text : {""sv, "a b"sv, "a\r\nX-Evil: 1"sv, "a\n"sv, "\0"sv, "\x7f"sv, "\xc3\xa9"sv})
    EXPECT_FALSE(is_aws_token(text)) << text;
  EXPECT_FALSE(is_aws_token(std::string(max_aws_key_size + 1, 'a')));
}

}  // namespace
}  // namespace pinhook::cloud
