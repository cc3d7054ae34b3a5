#include <pinhook/http/retry.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/http/answer_time.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace pinhook::http {
std::optional<std::chrono::seconds> parse_retry_after(const headers& all, wall_time now) {
  const auto found = find_header(all, "Retry-After");
  if (!found) return std::nullopt;
  const std::string_view text = trimmed(*found);
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t seconds = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    // A number that does not fit is a very long time.
    if (bad != std::errc()) return max_retry_after;
    return std::min(max_retry_after, std::chrono::seconds(std::min<std::int64_t>(seconds, 3600)));
  }
  const auto date = parse_date(text);
  if (!date) return std::nullopt;
  // Both dates of an answer are by one clock, which ours need not agree with.
  const auto made = find_header(all, "Date");
  const auto then = (made ? parse_date(*made) : std::nullopt).value_or(std::chrono::floor<std::chrono::seconds>(now));
  const auto wait = *date - then;
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
    if (const auto retry_after = parse_retry_after(outcome->headers, now))
      wait = std::max<std::chrono::nanoseconds>(wait, *retry_after);
  }
  if (wait >= left) return std::nullopt;
  return wait;
}

}  // namespace pinhook::http
