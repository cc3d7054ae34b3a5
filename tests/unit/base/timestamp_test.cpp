#include <pinhook/base/timestamp.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace pinhook {
namespace {

std::int64_t seconds_of(std::string_view text) {
  const auto got = parse_timestamp(text);
  if (!got) return -1;
  return std::chrono::duration_cast<std::chrono::seconds>(got->time_since_epoch()).count();
}

TEST(Timestamp, ReadsRfc3339) {
  // The figures are those of `date -u -d TEXT +%s`.
  const std::pair<const char*, std::int64_t> table[] = {{"1970-01-01T00:00:00Z", 0},
                                                        {"2026-01-01T00:00:00Z", 1767225600},
                                                        {"2024-02-29T12:34:56Z", 1709210096},
                                                        {"2026-01-01T00:00:00.123456789Z", 1767225600},
                                                        {"2026-01-01T00:00:00.5Z", 1767225600},
                                                        {"2026-01-01T01:30:00+01:30", 1767225600},
                                                        {"2025-12-31T19:00:00-05:00", 1767225600},
                                                        {"2026-12-31T23:59:60Z", 1798761600}};
  for (const auto& [text, seconds] : table) EXPECT_EQ(seconds_of(text), seconds) << text;
}

TEST(Timestamp, WritesWhatItReads) {
  for (const char* text : {"1970-01-01T00:00:00Z", "2024-02-29T12:34:56Z", "2026-12-31T23:59:59Z"})
    EXPECT_EQ(timestamp_text(*parse_timestamp(text)), text);
}

TEST(Timestamp, RefusesOtherTexts) {
  for (const char* text : {"",
                           "2026",
                           "2026-01-01",
                           "2026-01-01T00:00:00",
                           "2026-01-01 00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-02-30T00:00:00Z",
                           "2026-01-01T24:00:00Z",
                           "2026-01-01T00:60:00Z",
                           "2026-01-01T00:00:61Z",
                           "2026-01-01T00:00:00.Z",
                           "2026-01-01T00:00:00+0100",
                           "2026-01-01T00:00:00+24:00",
                           "2026-01-01T00:00:00Zx",
                           "x026-01-01T00:00:00Z",
                           "1767225600",
                           "Z",
                           "2026-1-01T00:00:00Z",
                           "2025-02-29T00:00:00Z",
                           "2026-01-01T00:00:00,1Z",
                           "+026-01-01T00:00:00Z",
                           "2026-01-01T00:00: 0Z",
                           "2026-01-01T00:00:00xZ",
                           "2026-01-01T-1:00:00Z",
                           "2026/01/01T00:00:00Z"})
    EXPECT_FALSE(parse_timestamp(text)) << text;
}

TEST(Timestamp, TakesTheFarFutureForNever) {
  EXPECT_EQ(parse_timestamp("9999-12-31T23:59:59Z"), wall_time::max());
  EXPECT_EQ(parse_timestamp("0001-01-01T00:00:00Z"), wall_time{});
}

TEST(Timestamp, IsWrittenInUtcAndReadBack) {
  for (const char* text : {"1970-01-01T00:00:00Z", "2026-11-21T02:45:09Z"})
    EXPECT_EQ(timestamp_text(parse_timestamp(text).value()), text);
  EXPECT_EQ(timestamp_text(parse_timestamp("2026-11-21T03:45:00+01:00").value()), "2026-11-21T02:45:00Z");
}

}  // namespace
}  // namespace pinhook
