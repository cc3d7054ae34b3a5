// Events of the registry client's requests, for metrics.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace pinhook::registry {

/// Called on the client's thread; must not block.
class observer {
 public:
  virtual ~observer() = default;
  /// `status` 0: no response (`outcome` gives the reason).
  virtual void registry_request(std::string_view host, int status, std::string_view outcome,
                                std::chrono::nanoseconds took) = 0;
  /// `outcome`: "ok" or the name of the error's code.
  virtual void token_fetched(std::string_view host, std::string_view outcome) = 0;
  /// Docker Hub's pull budget (ratelimit-remaining), when a response carries it.
  virtual void rate_limit_remaining(std::string_view host, std::int64_t remaining) = 0;
};

}  // namespace pinhook::registry
