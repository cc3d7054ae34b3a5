#include <pinhook/admission/failure.hpp>

#include <array>

namespace pinhook::admission {
namespace {

struct row {
  error_code code;
  failure_status status;
};

// `malformed` is a registry that breaks its protocol: a proxy's error page, more often than not, and gone the next
// time.
constexpr std::array<row, 11> table{{
    {error_code::invalid_input, {403, "Forbidden", "Correct the reference"}},
    {error_code::not_found, {403, "Forbidden", "Check the name and the tag"}},
    {error_code::unauthorized, {403, "Forbidden", "Check the name, and pinhook's credentials for this registry"}},
    {error_code::denied,
     {403, "Forbidden", "Check the name, and what pinhook's credentials may pull from this registry"}},
    {error_code::rate_limited, {503, "ServiceUnavailable", "Try again later"}},
    {error_code::unavailable, {503, "ServiceUnavailable", "Try again, and check the way to the registry"}},
    {error_code::timed_out, {504, "Timeout", "Try again"}},
    {error_code::canceled, {503, "ServiceUnavailable", "Try again"}},
    {error_code::malformed, {503, "ServiceUnavailable", "Try again, and check what stands before the registry"}},
    {error_code::unsupported, {403, "Forbidden", "Push the image in a current format"}},
    {error_code::internal, {500, "InternalError", "Report this with pinhook's log"}},
}};

}  // namespace

const failure_status& status_of(error_code code) noexcept {
  for (const row& r : table)
    if (r.code == code) return r.status;
  return table.back().status;
}

}  // namespace pinhook::admission
