// Decides when a registry in trouble, one of its repositories or a credential there is asked again. No I/O.
// docs/backoff.md says which part rests after which failure, and how rests grow and end.
//
//   clear ──failure──▶ resting ──time──▶ half open ──a request is sent──▶ probing ──good──▶ clear
//                         ▲                  ▲                               │ │
//                         │                  └──no answer for `probe_limit`──┘ │
//                         └──────────────────── failure: a longer rest ────────┘
//
// Only rate_limited, unavailable and timed_out are trouble; any other answer shows that all is well. A plain value of
// one thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pinhook::resolve {

struct backoff_options {
  /// The rest after unavailable or timed_out; doubles with each failure in a row up to the most. Zero: no rest, and
  /// requests go on, unless the answer has a Retry-After. For commands, which end soon and try again themselves.
  std::chrono::nanoseconds first = std::chrono::seconds(1);
  std::chrono::nanoseconds most = std::chrono::seconds(30);
  /// The rest after 429 without Retry-After; doubles likewise. Retry-After (RFC 9110 §10.2.3) counts up to the most.
  std::chrono::nanoseconds rate_limited_first = std::chrono::seconds(5);
  std::chrono::nanoseconds rate_limited_most = std::chrono::seconds(60);
  /// A probe without an answer keeps others from being the next for this time.
  std::chrono::nanoseconds probe_limit = std::chrono::seconds(1);
  /// As many repositories of a registry must fail with no success of any between them before the registry itself rests.
  /// Two broken ones at the same time are common and no reason to leave the others.
  std::size_t repositories_in_a_row = 3;
  /// Repositories of a registry that are remembered as in trouble, and credentials; their names come from anyone who
  /// may create Pods. Beyond that number the one whose rest ends first is forgotten.
  std::size_t remembered = 256;
  /// A record that was not used for so long after the end of its rest is forgotten.
  std::chrono::nanoseconds forgotten_after = std::chrono::minutes(10);
};

class backoff {
 public:
  enum class state : std::uint8_t { clear, half_open, probing, resting };

  /// Names a request that was sent, for its verdict.
  struct ticket {
    std::uint64_t number = 0;
    bool is_probe = false;
  };

  explicit backoff(const backoff_options& options) : options_(options) {}

  [[nodiscard]] state at(steady_time now) const;
  /// The same for a caller that need not wait for the end of the rest: half_open or probing where it rests.
  [[nodiscard]] state early_at(steady_time now) const;

  /// A request is being sent; it is the probe unless all is clear. Not to be called while another probe is under way.
  [[nodiscard]] ticket start(steady_time now);

  /// The request was answered. True when that counts: it was sent after the last failure.
  bool succeeded(ticket t);
  /// The request met trouble. `jitter` in [0, 1) spreads the rest over 0.8 to 1.2 of its length, but never below a
  /// Retry-After. A request that was sent before the last failure makes the rest no longer, except by its Retry-After:
  /// sixteen requests failing together are one failure.
  void failed(ticket t, const error& failure, steady_time now, double jitter);
  /// The request ended without an answer (canceled). A probe's place becomes free.
  void abandoned(ticket t);

  /// The end of the rest.
  [[nodiscard]] steady_time until() const { return until_; }
  /// When a probe that is under way has to make room for the next; a time before now: there is none.
  [[nodiscard]] steady_time probe_until() const { return probe_until_; }
  /// The failure that began the rest.
  [[nodiscard]] const error& failure() const { return last_failure_; }
  /// `failure` begins or prolongs a rest; otherwise requests go on at once.
  [[nodiscard]] static bool counts(const error& failure, const backoff_options& options);

 private:
  [[nodiscard]] std::chrono::nanoseconds rest_after(const error& failure, double jitter) const;

  backoff_options options_;
  std::uint64_t issued_ = 0;   // tickets given out
  std::uint64_t settled_ = 0;  // tickets up to here were sent before the last failure
  std::uint64_t probe_ = 0;    // the number of the probe under way
  int failures_ = 0;           // in a row
  steady_time until_{};
  steady_time probe_until_{};
  error last_failure_;
};

/// True for errors that show trouble of the registry itself rather than a fact about the tag.
[[nodiscard]] bool is_host_trouble(error_code code) noexcept;

}  // namespace pinhook::resolve
