#include <pinhook/config/units.hpp>

#include <gtest/gtest.h>

#include <string>

namespace pinhook::config {
namespace {

TEST(Units, ReadsSizes) {
  EXPECT_EQ(parse_size("0").value_or(1), 0U);
  EXPECT_EQ(parse_size("65536").value_or(0), 65536U);
  EXPECT_EQ(parse_size("64KiB").value_or(0), 65536U);
  EXPECT_EQ(parse_size("8Mi").value_or(0), 8U << 20U);
  EXPECT_EQ(parse_size("1GiB").value_or(0), 1U << 30U);
  EXPECT_EQ(parse_size("12B").value_or(0), 12U);
  for (const char* text : {"", "MiB", "8MB", "8 MiB", "-1", "1.5MiB", "9223372036854775807GiB", "8mib"})
    EXPECT_FALSE(parse_size(text)) << text;
  EXPECT_EQ(size_text(8U << 20U), "8MiB");
  EXPECT_EQ(size_text(1000), "1000");
  EXPECT_EQ(size_text(0), "0");
}

}  // namespace
}  // namespace pinhook::config
