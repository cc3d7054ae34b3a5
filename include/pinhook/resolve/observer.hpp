// Events of the resolver, for metrics.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/resolve/host_health.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pinhook::resolve {

/// The result of a query at the cache.
enum class cache_event : std::uint8_t {
  fresh,     // answered
  negative,  // answered with a remembered refusal
  stale,     // answered with an expired digest, since the registry is in trouble
  miss,      // had to be looked up
};

std::string_view to_string(cache_event event) noexcept;

/// Every function may be called from any thread at any time, also from several at once; it must be cheap and not block.
class observer {
 public:
  virtual ~observer() = default;
  /// Once per query.
  virtual void cache_met(cache_event event) = 0;
  /// A look-up was started: because a request waits for it, or ahead of an entry's expiry.
  virtual void lookup_started(bool is_ahead) = 0;
  /// A query joined a look-up that was already under way.
  virtual void lookup_joined() = 0;
  /// A look-up ended; without a code it found a digest.
  virtual void lookup_ended(bool is_ahead, std::optional<error_code> failure) = 0;
  /// The entries that the cache holds and the look-ups under way; after each look-up.
  virtual void levels(std::size_t cache_entries, std::size_t lookups) = 0;
  /// More or fewer parts of a registry are in trouble: they rest, or rested and have not answered well since.
  virtual void trouble_changed(std::string_view registry, part which, int change) = 0;
  /// A look-up gave its place to another one.
  virtual void lookup_gave_way() = 0;
};

}  // namespace pinhook::resolve
