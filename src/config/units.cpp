#include <pinhook/config/units.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <limits>

namespace pinhook::config {
namespace {

struct size_unit {
  std::string_view name;
  unsigned shift;
};

constexpr std::array<size_unit, 8> size_units{
    {{"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"Gi", 30}, {"Mi", 20}, {"Ki", 10}, {"B", 0}, {"", 0}}};

std::unexpected<error> no_size(std::string_view text) {
  return fail(error_code::invalid_input,
              fmt::format("{} is not a valid size; write 64KiB, 8MiB or a number of bytes", quoted(text)));
}

// Takes digits off the front of `text`; false when the number does not fit.
bool take_number(std::string_view& text, std::int64_t& value) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || !is_digit(text.front())) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

result<std::uint64_t> parse_size(std::string_view text) {
  std::int64_t number = 0;
  std::string_view rest = text;
  if (rest.empty() || !take_number(rest, number)) return no_size(text);
  for (const auto& unit : size_units) {
    if (rest != unit.name) continue;
    if (number > (std::numeric_limits<std::int64_t>::max() >> unit.shift)) return no_size(text);
    return static_cast<std::uint64_t>(number) << unit.shift;
  }
  return no_size(text);
}

std::string size_text(std::uint64_t bytes) {
  for (const auto& unit : size_units) {
    const std::uint64_t one = std::uint64_t{1} << unit.shift;
    if (unit.shift != 0 && bytes != 0 && bytes % one == 0) return fmt::format("{}{}", bytes / one, unit.name);
  }
  return fmt::format("{}", bytes);
}

}  // namespace pinhook::config
