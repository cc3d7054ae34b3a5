// Moments as Kubernetes writes them: RFC 3339, "2026-11-21T02:45:00Z".
//
// Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>

#include <optional>
#include <string_view>

namespace pinhook::kube {

/// A fraction of a second is read and dropped; an offset ("+01:00") counts. Nothing for anything else.
[[nodiscard]] std::optional<wall_time> parse_timestamp(std::string_view text);

}  // namespace pinhook::kube
