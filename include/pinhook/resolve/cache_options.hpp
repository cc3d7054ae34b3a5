// Options of the cache of digests.
//
// Plain values; any thread.
#pragma once

#include <chrono>
#include <cstddef>

namespace pinhook::resolve {

/// The bytes that an entry may take on average. Ordinary ones take some 500; long names and refusals take more, and
/// then the cache holds fewer of them.
inline constexpr std::size_t entry_budget = 768;

struct cache_options {
  /// Entries. About 500 bytes each, and as much again while a refresh of it is planned; `entry_budget` times this is
  /// the most that all of them together take. Raise it when more tags than that are in use within `ttl`.
  std::size_t capacity = 100'000;
  /// A digest is answered from the cache for this time. Longer: a moved tag is seen later.
  std::chrono::nanoseconds ttl = std::chrono::seconds(60);
  /// A refusal (not found, denied, …) is answered from the cache for this time, which callers add for `hold_until`.
  /// Short: people push the tag and try again.
  std::chrono::nanoseconds negative_ttl = std::chrono::seconds(5);
  /// After `ttl`, a digest may still be answered for this time when the registry is in trouble. Zero: never.
  std::chrono::nanoseconds stale_for = std::chrono::hours(1);
};

}  // namespace pinhook::resolve
