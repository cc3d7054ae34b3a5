// Whether a certificate may take the place of the one in use, as far as time goes.
//
// What API servers refuse must not replace what they take: a certificate that has expired, or is not valid yet, never
// replaces a valid one. Where the one in use is of no use either, the better of the two is served.
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

/// Why `fresh` must not replace `current` at `now`: "it expired at …". Nothing: it may.
///
///   current \ fresh   valid   not valid yet               expired
///   valid             taken   kept out                    kept out
///   not valid yet     taken   taken                       kept out
///   expired           taken   taken: its time will come   taken when it expired later
[[nodiscard]] std::optional<std::string> reason_to_keep(const certificate_validity& current,
                                                        const certificate_validity& fresh, wall_time now);

/// "it expired at 2026-01-02T00:00:00Z", "it is not valid before …"; nothing when it is valid.
[[nodiscard]] std::optional<std::string> why_not_valid(const certificate_validity& v, wall_time now);

}  // namespace pinhook::server
