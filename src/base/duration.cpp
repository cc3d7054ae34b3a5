#include <pinhook/base/duration.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cstdint>

namespace pinhook {
namespace {

using namespace std::chrono_literals;

struct time_unit {
  std::string_view name;
  std::int64_t nanoseconds;
};

// Longer names before their prefixes.
constexpr std::array<time_unit, 8> time_units{{{"ns", 1},
                                               {"us", 1'000},
                                               {"µs", 1'000},  // U+00B5, the micro sign
                                               {"μs", 1'000},  // U+03BC, the Greek letter
                                               {"ms", 1'000'000},
                                               {"h", 3'600'000'000'000},
                                               {"m", 60'000'000'000},
                                               {"s", 1'000'000'000}}};

std::unexpected<error> no_duration(std::string_view text) {
  return fail(error_code::invalid_input, fmt::format("{} is not a duration; write 8s, 500ms or 1m30s", quoted(text)));
}

// Removes the digits at the front of `text`; false when the number does not fit.
bool take_number(std::string_view& text, std::int64_t& value) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || !is_digit(text.front())) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text == "0") return 0ns;
  if (text.empty() || text.size() > 64) return no_duration(text);
  std::int64_t total = 0;
  for (std::string_view rest = text; !rest.empty();) {
    std::int64_t whole = 0;
    const bool has_whole = is_digit(rest.front());
    if (has_whole && !take_number(rest, whole)) return no_duration(text);
    std::string_view fraction;
    if (!rest.empty() && rest.front() == '.') {
      rest.remove_prefix(1);
      std::size_t n = 0;
      while (n < rest.size() && is_digit(rest[n])) ++n;
      fraction = rest.substr(0, n);
      rest.remove_prefix(n);
    }
    if (!has_whole && fraction.empty()) return no_duration(text);
    const time_unit* unit = nullptr;
    for (const auto& u : time_units)
      if (unit == nullptr && rest.starts_with(u.name)) unit = &u;
    if (unit == nullptr) return no_duration(text);
    rest.remove_prefix(unit->name.size());

    std::int64_t part = 0;
    if (__builtin_mul_overflow(whole, unit->nanoseconds, &part)) return no_duration(text);
    std::int64_t step = unit->nanoseconds;
    std::int64_t extra = 0;
    for (const char c : fraction) {
      step /= 10;
      extra += step * (c - '0');
    }
    if (__builtin_add_overflow(total, part, &total) || __builtin_add_overflow(total, extra, &total))
      return no_duration(text);
  }
  return std::chrono::nanoseconds(total);
}

std::string duration_text(std::chrono::nanoseconds d) {
  if (d == 0ns) return "0s";
  std::string out;
  std::int64_t rest = d.count();
  for (const std::string_view name : {"h", "m", "s", "ms", "us", "ns"}) {
    for (const auto& unit : time_units) {
      if (unit.name != name || rest < unit.nanoseconds) continue;
      out += fmt::format("{}{}", rest / unit.nanoseconds, name);
      rest %= unit.nanoseconds;
    }
  }
  return out;
}

}  // namespace pinhook
