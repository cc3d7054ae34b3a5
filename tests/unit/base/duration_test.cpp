#include <pinhook/base/duration.hpp>

#include <gtest/gtest.h>

#include <string>

namespace pinhook {
namespace {

using namespace std::chrono_literals;

TEST(Duration, IsReadAsGoDoes) {
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

TEST(Duration, RefusesWhatIsNone) {
  for (const char* text : {"", "10", "s", "10 s", "-1s", "+1s", "1x", "1s2", ".s", ".", "1e3s", "1,5s", "99999999999h",
                           "9223372036854775808ns", "9999999h9999999h", "1s "})
    EXPECT_FALSE(parse_duration(text)) << text;
  EXPECT_FALSE(parse_duration(std::string(70, '1') + "s"));
}

TEST(Duration, TextReadsBack) {
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

}  // namespace
}  // namespace pinhook
