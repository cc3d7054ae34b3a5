#include <pinhook/resolve/advice.hpp>

#include <array>

namespace pinhook::resolve {
namespace {

struct row {
  error_code code;
  std::string_view advice;
};

constexpr std::array<row, 11> table{{
    {error_code::invalid_input, "Correct the reference"},
    {error_code::not_found, "Check the name and the tag"},
    {error_code::unauthorized, "Check the name, and pinhook's credentials for this registry"},
    {error_code::denied, "Check the name, and what pinhook's credentials may pull from this registry"},
    {error_code::rate_limited, "Try again later"},
    {error_code::unavailable, "Try again, and check the way to the registry"},
    {error_code::timed_out, "Try again"},
    {error_code::canceled, "Try again"},
    {error_code::malformed, "Try again, and check for a proxy in front of the registry"},
    {error_code::unsupported, "Push the image in a current format"},
    {error_code::internal, "Report this with pinhook's log"},
}};

}  // namespace

std::string_view advice_for(error_code code) noexcept {
  for (const row& r : table)
    if (r.code == code) return r.advice;
  return table.back().advice;
}

}  // namespace pinhook::resolve
