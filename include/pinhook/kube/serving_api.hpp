// The Kubernetes API as the serving certificate needs it: one Secret and one MutatingWebhookConfiguration, read and
// written with optimistic concurrency.
//
// Every write carries the version that was read; false means that another writer was faster, and the caller reads
// again. Reads never come from a server's cache (no resourceVersion parameter), so they include earlier writes.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/kube/serving_values.hpp>

#include <map>
#include <string>
#include <vector>

namespace pinhook::kube {

/// Thread rule: one thread, that of its HTTP client's io_context.
class serving_api {
 public:
  virtual ~serving_api() = default;

  /// Errors of all: as kube::api's; `denied` names the verb, the resource and the name that RBAC lacks.
  virtual awaitable<result<stored_secret>> get_stored(std::string ns, std::string name, deadline d) = 0;
  /// False: the Secret exists by now.
  virtual awaitable<result<bool>> create_stored(std::string ns, std::string name, secret_data data, deadline d) = 0;
  /// Replaces `data`, keeps labels, annotations and type. False: it is no longer of that version, or gone.
  virtual awaitable<result<bool>> update_stored(std::string ns, std::string name, stored_secret with, deadline d) = 0;

  virtual awaitable<result<webhook_registration>> get_registration(std::string name, deadline d) = 0;
  /// Writes the bundles of the named entries, and nothing else. False: it is no longer of that version, or gone.
  virtual awaitable<result<bool>> set_bundles(std::string name, webhook_registration with, deadline d) = 0;
};

}  // namespace pinhook::kube
