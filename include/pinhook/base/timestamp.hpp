// Timestamps as Kubernetes, AWS and Google write them: RFC 3339, "2026-11-21T02:45:00Z".
//
// Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace pinhook {

/// A fraction of a second is read and dropped; an offset ("+01:00") counts. A moment before 1970 is 1970, and one after
/// 2261 is wall_time::max(). No value for any other text.
[[nodiscard]] std::optional<wall_time> parse_timestamp(std::string_view text);

/// The moment in UTC, "2026-11-21T02:45:00Z"; a fraction of a second is dropped.
[[nodiscard]] std::string timestamp_text(wall_time moment);

}  // namespace pinhook
