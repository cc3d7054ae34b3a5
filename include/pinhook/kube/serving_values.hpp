// The parts of the Secret and of the webhook configuration that the serving certificate reads and writes.
//
// Plain values; any thread.
#pragma once

#include <pinhook/base/secret.hpp>

#include <map>
#include <string>
#include <vector>

namespace pinhook::kube {

using secret_data = std::map<std::string, pinhook::secret, std::less<>>;

/// A Secret that pinhook keeps itself.
struct stored_secret {
  std::string resource_version;
  /// Decoded from base64.
  secret_data data;
};

/// An entry of a MutatingWebhookConfiguration.
struct webhook_entry {
  std::string name;
  /// PEM, decoded from base64; empty: none.
  std::string ca_bundle;
};

struct webhook_registration {
  std::string resource_version;
  std::vector<webhook_entry> webhooks;
};

}  // namespace pinhook::kube
