#include <pinhook/http/retry.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <string>

namespace pinhook::http {
namespace {

// RFC 9110 §5.6.7: the fixed form, and the two obsolete ones that must still be read. Independent of the locale.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  // Words of letters and digits: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
  // "Sun Nov  6 08:49:37 1994".
  std::array<std::string_view, 8> words;
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size() && count < words.size();) {
    const auto start = text.find_first_not_of(" ,-:", at);
    if (start == std::string_view::npos) break;
    at = std::min(text.find_first_of(" ,-:", start), text.size());
    words[count++] = text.substr(start, at - start);
  }
  const bool asctime = count == 7 && !words[1].empty() && (words[1][0] < '0' || words[1][0] > '9');
  if (!asctime && (count != 8 || words[7] != "GMT")) return std::nullopt;
  const auto number = [](std::string_view word) {
    int value = -1;
    const auto [end, bad] = std::from_chars(word.data(), word.data() + word.size(), value);
    return bad == std::errc() && end == word.data() + word.size() ? value : -1;
  };
  const int day = number(words[asctime ? 2 : 1]);
  const auto month = std::find(months.begin(), months.end(), words[asctime ? 1 : 2]);
  int year = number(words[asctime ? 6 : 3]);
  const int hour = number(words[asctime ? 3 : 4]);
  const int minute = number(words[asctime ? 4 : 5]);
  const int second = number(words[asctime ? 5 : 6]);
  if (year >= 0 && year < 100) year += year < 70 ? 2000 : 1900;
  if (month == months.end() || day < 1 || year < 1970 || year > 9999 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace

std::optional<std::chrono::seconds> parse_retry_after(const headers& all, wall_time now) {
  const auto found = find_header(all, "Retry-After");
  if (!found) return std::nullopt;
  std::string_view text = *found;
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t seconds = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    // A number that does not fit is a very long time.
    if (bad != std::errc()) return max_retry_after;
    return std::min(max_retry_after, std::chrono::seconds(std::min<std::int64_t>(seconds, 3600)));
  }
  const auto date = parse_http_date(text);
  if (!date) return std::nullopt;
  const auto wait = *date - std::chrono::floor<std::chrono::seconds>(now);
  return std::clamp(wait, std::chrono::seconds(0), max_retry_after);
}

bool is_transient(int status) {
  constexpr std::array statuses{408, 499, 500, 502, 503, 504, 522};
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

std::optional<std::chrono::nanoseconds> next_try(int made, const result<response>& outcome,
                                                 std::chrono::nanoseconds left, wall_time now, double random,
                                                 const retry_options& options) {
  const bool again = outcome ? is_transient(outcome->status) : outcome.error().code == error_code::unavailable;
  if (!again || made >= options.tries) return std::nullopt;
  const double full =
      std::chrono::duration<double>(options.base).count() * static_cast<double>(1U << std::min(made - 1, 16));
  auto wait =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(full * (0.5 + random / 2)));
  if (outcome) {
    if (const auto asked = parse_retry_after(outcome->headers, now))
      wait = std::max<std::chrono::nanoseconds>(wait, *asked);
  }
  if (wait >= left) return std::nullopt;
  return wait;
}

}  // namespace pinhook::http
