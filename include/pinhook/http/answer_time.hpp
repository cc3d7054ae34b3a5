// Times in HTTP headers.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/http/message.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace pinhook::http {

/// An HTTP date in its fixed form or one of the two obsolete ones (RFC 9110 §5.6.7).
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_date(std::string_view text);

/// When an answer was made, for the expiry of what it holds: by its Date header (RFC 9110 §6.6.1), which has the clock
/// that the expiry was made by, or by ours, whichever is later. So a token is never held for longer since our clock is
/// behind or was set back. Ours without an answer or without a date.
[[nodiscard]] wall_time answered_at(const result<response>& outcome, wall_time ours);

}  // namespace pinhook::http
