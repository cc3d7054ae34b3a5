// What pinhook reads and asks of the Kubernetes API: the seam behind which the real client and the tests' stand.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>

#include <map>
#include <string>
#include <vector>

namespace pinhook::kube {

/// A Secret (v1), as far as it is read.
struct secret_object {
  std::string type;
  /// Decoded from base64.
  std::map<std::string, pinhook::secret, std::less<>> data;
};

/// A ServiceAccount (v1), as far as it is read.
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
};

/// Thread rule: one thread, that of the io_context its HTTP client lives on.
class api {
 public:
  virtual ~api() = default;

  /// Errors of all: not_found (no such object), denied (RBAC: the message names the verb and the resource),
  /// unauthorized (our own token), unavailable, timed_out, canceled, malformed, invalid_input (a name that can be
  /// none).
  virtual awaitable<result<secret_object>> get_secret(std::string ns, std::string name, deadline d) = 0;
  virtual awaitable<result<service_account>> get_service_account(std::string ns, std::string name, deadline d) = 0;
  virtual awaitable<result<service_account_token>> request_token(std::string ns, std::string service_account,
                                                                 std::string audience, deadline d) = 0;
};

}  // namespace pinhook::kube
