// The Pod whose credentials count for a look-up: its namespace, its service account and its pull secrets.
//
// Plain values; any thread.
#pragma once

#include <compare>
#include <string>
#include <vector>

namespace pinhook::registry {

/// Where a Pod would run, and as whom.
struct tenant {
  /// The namespace as the API server says it, never as the object does. Empty: none, and so no secrets.
  std::string ns;
  /// Empty: "default".
  std::string service_account;
  /// Names of the pod spec's imagePullSecrets, in their order.
  std::vector<std::string> pull_secrets;

  friend auto operator<=>(const tenant&, const tenant&) = default;
};

}  // namespace pinhook::registry
