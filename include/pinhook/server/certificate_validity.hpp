// Decides by time of validity whether a certificate replaces the one in use.
//
// API servers refuse a certificate that has expired or is not valid yet, so it never replaces a valid one. When the one
// in use is not valid either, the better of the two is served.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>

#include <optional>
#include <string>

namespace pinhook::server {

struct certificate_validity {
  wall_time not_before{};
  wall_time not_after{};
};

/// The reason for which `fresh` must not replace `current` at `now`: "it expired at …"; nothing when it replaces it.
///
///   current \ fresh   valid   not valid yet               expired
///   valid             taken   kept out                    kept out
///   not valid yet     taken   taken                       kept out
///   expired           taken   taken: it becomes valid later   taken when it expired later
[[nodiscard]] std::optional<std::string> reason_to_keep(const certificate_validity& current,
                                                        const certificate_validity& fresh, wall_time now);

/// "it expired at 2026-01-02T00:00:00Z", "it is not valid before …"; nothing when it is valid.
[[nodiscard]] std::optional<std::string> why_not_valid(const certificate_validity& v, wall_time now);

}  // namespace pinhook::server
