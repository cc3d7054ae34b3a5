// The Pod whose credentials count for a look-up: its namespace, its service account and its pull secrets.
//
// Plain values; any thread.
#pragma once

#include <compare>
#include <string>
#include <vector>

namespace pinhook::registry {

struct tenant {
  /// The namespace that the API server gives, never the object's own. Empty: none, and so no secrets.
  std::string ns;
  /// Empty: "default".
  std::string service_account;
  /// Names of the pod spec's imagePullSecrets, in their order.
  std::vector<std::string> pull_secrets;

  friend auto operator<=>(const tenant&, const tenant&) = default;
};

}  // namespace pinhook::registry
