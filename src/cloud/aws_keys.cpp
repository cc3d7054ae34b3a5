#include <pinhook/cloud/aws_keys.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace pinhook::cloud {
namespace {

// Digits alone: no sign, no space.
std::optional<int> read_number(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  int out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

bool is_aws_token(std::string_view text) {
  return !text.empty() && text.size() <= max_aws_key_size &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::optional<wall_time> parse_aws_time(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00";
  if (text.size() <= form.size() || !text.ends_with('Z')) return std::nullopt;
  for (std::size_t i = 0; i < form.size(); ++i)
    if (form[i] != '0' && form[i] != text[i]) return std::nullopt;
  const std::string_view fraction = text.substr(form.size(), text.size() - form.size() - 1);
  constexpr std::size_t max_fraction = 10;
  if (!fraction.empty() &&
      (fraction.size() < 2 || fraction.size() > max_fraction || fraction[0] != '.' || !read_number(fraction.substr(1))))
    return std::nullopt;

  constexpr std::array<std::size_t, 6> places{0, 5, 8, 11, 14, 17};
  std::array<int, 6> parts{};
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto number = read_number(text.substr(places[i], i == 0 ? 4 : 2));
    if (!number) return std::nullopt;
    parts[i] = *number;
  }
  const auto [year, month, day, hour, minute, second] = parts;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  // What nanoseconds since 1970 can hold; a leap second is read as the next one's beginning.
  if (!date.ok() || year < 1970 || year > 2200 || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace pinhook::cloud
