#include <pinhook/base/timestamp.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/chrono.h>

#include <algorithm>
#include <cstddef>

namespace pinhook {
namespace {

// Reads by a pattern in which 'd' means a digit and every other character itself.
bool has_form(std::string_view text, std::string_view pattern) {
  return text.size() == pattern.size() && std::equal(text.begin(), text.end(), pattern.begin(),
                                                     [](char c, char p) { return p == 'd' ? is_digit(c) : c == p; });
}

int number(std::string_view digits) {
  int out = 0;
  for (const char c : digits) out = out * 10 + (c - '0');
  return out;
}

std::optional<std::chrono::minutes> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  if (!has_form(text, "+dd:dd") && !has_form(text, "-dd:dd")) return std::nullopt;
  const int hours = number(text.substr(1, 2));
  const int minutes = number(text.substr(4, 2));
  if (hours > 23 || minutes > 59) return std::nullopt;
  return std::chrono::minutes((text.front() == '-' ? -1 : 1) * (hours * 60 + minutes));
}

}  // namespace

std::optional<wall_time> parse_timestamp(std::string_view text) {
  constexpr std::string_view pattern = "dddd-dd-ddTdd:dd:dd";
  if (!has_form(text.substr(0, pattern.size()), pattern)) return std::nullopt;
  std::string_view rest = text.substr(pattern.size());
  if (rest.starts_with('.')) {
    const auto end = std::find_if_not(rest.begin() + 1, rest.end(), is_digit);
    const auto size = static_cast<std::size_t>(end - rest.begin());
    if (size == 1) return std::nullopt;
    rest.remove_prefix(size);
  }
  const auto offset = parse_offset(rest);
  const std::chrono::year_month_day day{std::chrono::year(number(text.substr(0, 4))),
                                        std::chrono::month(static_cast<unsigned>(number(text.substr(5, 2)))),
                                        std::chrono::day(static_cast<unsigned>(number(text.substr(8, 2))))};
  const int hour = number(text.substr(11, 2));
  const int minute = number(text.substr(14, 2));
  const int second = number(text.substr(17, 2));
  if (!offset || !day.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  // The clock counts nanoseconds in 64 bits: it ends in 2262, and later moments count as never.
  if (day.year() < std::chrono::year(1970)) return wall_time{};
  if (day.year() > std::chrono::year(2261)) return wall_time::max();
  return std::chrono::sys_days(day) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) - *offset;
}

std::string timestamp_text(wall_time moment) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(moment)));
}

}  // namespace pinhook
