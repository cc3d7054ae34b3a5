#include <pinhook/http/answer_time.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace pinhook::http {
namespace {

using namespace std::chrono_literals;

// 2026-01-01T00:00:00Z
const wall_time now{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};

result<response> dated(headers all) {
  response r;
  r.headers = std::move(all);
  return r;
}

TEST(AnswerTime, IsTheLaterOfItsDateAndOurs) {
  struct row {
    headers all;
    std::chrono::seconds expected;
  };
  const std::vector<row> rows{
      {{}, 0s},
      {{{"Date", "Thu, 01 Jan 2026 03:00:00 GMT"}}, 3h},
      {{{"date", " Thu, 01 Jan 2026 03:00:00 GMT"}}, 3h},
      {{{"Date", "Wed, 31 Dec 2025 21:00:00 GMT"}}, 0s},
      {{{"Date", "soon"}}, 0s},
      {{{"Date", ""}}, 0s},
      {{{"Date", "Thu, 01 Jan 9999 00:00:00 GMT"}}, 0s},
  };
  for (const row& r : rows)
    EXPECT_EQ(answered_at(dated(r.all), now), now + r.expected) << (r.all.empty() ? "none" : r.all.front().value);
  EXPECT_EQ(answered_at(fail(error_code::unavailable, "reset"), now), now);
}

}  // namespace
}  // namespace pinhook::http
