#include <pinhook/cli/units.hpp>

#include <gtest/gtest.h>

#include <string>

namespace pinhook::cli {
namespace {

using namespace std::chrono_literals;

TEST(Units, ReadsDurationsAsGoDoes) {
  struct sample {
    const char* text;
    std::chrono::nanoseconds value;
  };
  for (const sample& s :
       {sample{"0", 0ns}, sample{"0s", 0ns}, sample{"10s", 10s}, sample{"500ms", 500ms}, sample{"1m30s", 90s},
        sample{"1.5h", 90min}, sample{".5s", 500ms}, sample{"1.s", 1s}, sample{"2h45m", 165min}, sample{"3us", 3us},
        sample{"3µs", 3us}, sample{"3μs", 3us}, sample{"7ns", 7ns}, sample{"1h1m1s1ms", 1h + 1min + 1s + 1ms},
        sample{"0.000000001s", 1ns}, sample{"0.0000000001s", 0ns}}) {
    const auto value = parse_duration(s.text);
    ASSERT_TRUE(value) << s.text << ": " << value.error().message;
    EXPECT_EQ(*value, s.value) << s.text;
  }
}

TEST(Units, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "10", "s", "10 s", "-1s", "+1s", "1x", "1s2", ".s", ".", "1e3s", "1,5s", "99999999999h",
                           "9223372036854775808ns", "9999999h9999999h", "1s "})
    EXPECT_FALSE(parse_duration(text)) << text;
  EXPECT_FALSE(parse_duration(std::string(70, '1') + "s"));
}

TEST(Units, DurationTextReadsBack) {
  for (const auto d :
       {std::chrono::nanoseconds(0), std::chrono::nanoseconds(8s), std::chrono::nanoseconds(500ms),
        std::chrono::nanoseconds(90s), std::chrono::nanoseconds(25h + 3ns), std::chrono::nanoseconds::max()}) {
    const auto back = parse_duration(duration_text(d));
    ASSERT_TRUE(back) << duration_text(d);
    EXPECT_EQ(*back, d);
  }
  EXPECT_EQ(duration_text(90s), "1m30s");
  EXPECT_EQ(duration_text(1h), "1h");
}

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

TEST(Units, WritesAddresses) {
  using boost::asio::ip::make_address;
  EXPECT_EQ(address_text({make_address("127.0.0.1"), 1}), "127.0.0.1:1");
  EXPECT_EQ(address_text({make_address("::1"), 65535}), "[::1]:65535");
}

}  // namespace
}  // namespace pinhook::cli
