// Objects of the Kubernetes API, as far as pull secrets and credential plugins need them.
//
// Plain values; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/secret.hpp>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace pinhook::kube {

/// The parts of a Secret (v1) that are read.
struct secret_object {
  std::string type;
  /// Decoded from base64.
  std::map<std::string, pinhook::secret, std::less<>> data;
};

/// The parts of a Namespace (v1) that are read.
struct namespace_object {
  std::map<std::string, std::string, std::less<>> labels;
};

/// The parts of a ServiceAccount (v1) that are read.
struct service_account {
  std::string uid;
  /// Names, in their order.
  std::vector<std::string> image_pull_secrets;
  std::map<std::string, std::string, std::less<>> annotations;
};

/// A token for a service account (authentication.k8s.io/v1 TokenRequest).
struct service_account_token {
  secret token;
  wall_time expires_at;
  /// The lifetime that was requested, beyond which it is not used whatever this machine's calendar says.
  std::chrono::seconds lifetime{3600};
};

}  // namespace pinhook::kube
