// Whether and when to send a request again: a pure decision.
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
  /// How often a request is sent at most, the first time included.
  int tries = 3;
  /// The wait before the second try is between half of this and this; it doubles with each try.
  std::chrono::milliseconds base{100};
};

/// What a server may ask us to wait at most; it may not keep us longer (registry.md §2.4).
inline constexpr std::chrono::seconds max_retry_after{60};

/// Retry-After: delta-seconds or an HTTP date (RFC 9110 §10.2.3), at most `max_retry_after`, never negative. Nothing
/// when it is missing or neither.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(const headers& all, wall_time now);

/// True for 408, 499, 500, 502, 503, 504, 522: the server, or what stands before it, had a bad moment.
[[nodiscard]] bool is_transient(int status);

/// How long to wait before try `made + 1`; nothing: give up and use `outcome`. Tries again after a transient status and
/// after `unavailable` (no connection, reset). `random` in [0, 1). A server's own Retry-After is a lower bound. Never a
/// wait that leaves nothing of `left`.
[[nodiscard]] std::optional<std::chrono::nanoseconds> next_try(int made, const result<response>& outcome,
                                                               std::chrono::nanoseconds left, wall_time now,
                                                               double random, const retry_options& options = {});

}  // namespace pinhook::http
