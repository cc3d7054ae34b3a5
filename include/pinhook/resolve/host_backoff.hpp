// When a registry in trouble is asked again: a decision without I/O.
//
//   clear ──failure──▶ resting ──time──▶ half open ──a request is sent──▶ probing ──good──▶ clear
//                         ▲                                                 │
//                         └──────────────── failure: a longer rest ─────────┘
//
// Only rate_limited, unavailable and timed_out are trouble; any other answer shows that the host is well. A plain value
// of one thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace pinhook::resolve {

struct backoff_options {
  /// The rest after unavailable or timed_out; doubles with each failure in a row up to the most. Zero: none, and the
  /// host is asked on, save where it names a Retry-After itself. For commands, which end soon and ask again themselves.
  std::chrono::nanoseconds first = std::chrono::seconds(1);
  std::chrono::nanoseconds most = std::chrono::seconds(30);
  /// The rest after 429 without Retry-After; doubles likewise. Retry-After counts up to the most (registry.md §2.4).
  std::chrono::nanoseconds rate_limited_first = std::chrono::seconds(5);
  std::chrono::nanoseconds rate_limited_most = std::chrono::seconds(60);
};

class host_backoff {
 public:
  enum class state : std::uint8_t { clear, resting, half_open, probing };

  /// Names a request that was sent, for its verdict.
  struct ticket {
    std::uint64_t number = 0;
    bool is_probe = false;
  };

  explicit host_backoff(const backoff_options& options) : options_(options) {}

  [[nodiscard]] state at(steady_time now) const;

  /// A request is being sent; in `half_open` it becomes the probe. Not to be called while resting or probing.
  [[nodiscard]] ticket start(steady_time now);

  /// The host answered. Counts only for requests sent after the last failure.
  void succeeded(ticket t);
  /// The host is in trouble. `jitter` in [0, 1) spreads the rest over 0.8 to 1.2 of its length, but never below a
  /// Retry-After. A request that was sent before the last failure makes the rest no longer, save by its Retry-After:
  /// sixteen requests failing together are one failure.
  void failed(ticket t, const error& why, steady_time now, double jitter);
  /// The request ended without saying anything about the host (canceled). A probe's place becomes free.
  void abandoned(ticket t);

  /// The end of the rest.
  [[nodiscard]] steady_time until() const { return until_; }
  /// What a caller is told while the host is left in peace: the remembered failure and when the host is asked next.
  [[nodiscard]] error refusal(std::string_view host, steady_time now) const;

 private:
  [[nodiscard]] std::chrono::nanoseconds rest_after(const error& why, double jitter) const;

  backoff_options options_;
  std::uint64_t issued_ = 0;   // tickets given out
  std::uint64_t settled_ = 0;  // tickets up to here were sent before the last failure
  int failures_ = 0;           // in a row
  bool probing_ = false;
  steady_time until_{};
  error why_;
};

/// True for errors that say that the host is in trouble rather than something about what was asked.
[[nodiscard]] bool is_host_trouble(error_code code) noexcept;

}  // namespace pinhook::resolve
