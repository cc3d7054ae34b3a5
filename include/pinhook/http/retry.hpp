// Decides whether and when to send a request again; pure.
//
//   if (const auto wait = next_try(made, outcome, d.remaining(now), wall, random)) { sleep(*wait); send again }
//
// Any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/http/message.hpp>

#include <chrono>
#include <optional>

namespace pinhook::http {

struct retry_options {
  /// The most times that a request is sent, the first time included.
  int tries = 3;
  /// The wait before the second try is between half of this and this; it doubles with each try.
  std::chrono::milliseconds base{100};
};

/// The longest wait that a server may request. It is our choice: RFC 9110 sets none.
inline constexpr std::chrono::seconds max_retry_after{60};

/// Retry-After: delta-seconds or an HTTP date (RFC 9110 §10.2.3), at most `max_retry_after`, never negative. A date
/// counts from that of the answer (Date), or from `now` without one. No value when it is missing or neither.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(const headers& all, wall_time now);

/// True for 408, 499, 500, 502, 503, 504, 522: the server, or a proxy in front of it, has a temporary fault.
[[nodiscard]] bool is_transient(int status);

/// The wait before try `made + 1`; no value: give up and use `outcome`. Tries again after a transient status and after
/// `unavailable` (no connection, reset). `random` in [0, 1). A server's own Retry-After is a lower bound. The wait is
/// always shorter than `left`.
[[nodiscard]] std::optional<std::chrono::nanoseconds> next_try(int made, const result<response>& outcome,
                                                               std::chrono::nanoseconds left, wall_time now,
                                                               double random, const retry_options& options = {});

}  // namespace pinhook::http
