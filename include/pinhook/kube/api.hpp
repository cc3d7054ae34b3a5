// The interface to the Kubernetes API for pull secrets, namespaces and service account tokens; the real client and the
// fake of the tests implement it.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/kube/api_values.hpp>

#include <map>
#include <string>
#include <vector>

namespace pinhook::kube {

/// Thread rule: one thread, that of its HTTP client's io_context.
class api {
 public:
  virtual ~api() = default;

  /// Errors of all: not_found (no such object), denied (RBAC: the message names the verb and the resource),
  /// unauthorized (our own token), unavailable, timed_out, canceled, malformed, invalid_input (an invalid name).
  virtual awaitable<result<secret_object>> get_secret(std::string ns, std::string name, deadline d) = 0;
  virtual awaitable<result<namespace_object>> get_namespace(std::string name, deadline d) = 0;
  virtual awaitable<result<service_account>> get_service_account(std::string ns, std::string name, deadline d) = 0;
  virtual awaitable<result<service_account_token>> request_token(std::string ns, std::string service_account,
                                                                 std::string audience, deadline d) = 0;
};

}  // namespace pinhook::kube
