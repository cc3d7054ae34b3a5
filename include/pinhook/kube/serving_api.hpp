// What the serving certificate asks of the Kubernetes API: one Secret and one MutatingWebhookConfiguration, read and
// written with optimistic concurrency.
//
// Every write carries the version that was read; false says that somebody else wrote in between, and the caller reads
// anew. Reads are never from a server's cache (no resourceVersion parameter): what was written is seen.
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

/// Thread rule: one thread, that of the io_context its HTTP client lives on.
class serving_api {
 public:
  virtual ~serving_api() = default;

  /// Errors of all: as kube::api's; `denied` names the verb, the resource and the name that RBAC lacks.
  virtual awaitable<result<stored_secret>> get_stored(std::string ns, std::string name, deadline d) = 0;
  /// False: there is one by now.
  virtual awaitable<result<bool>> create_stored(std::string ns, std::string name, secret_data data, deadline d) = 0;
  /// Replaces `data`, keeps labels, annotations and type. False: it is no longer of that version, or gone.
  virtual awaitable<result<bool>> update_stored(std::string ns, std::string name, stored_secret with, deadline d) = 0;

  virtual awaitable<result<webhook_registration>> get_registration(std::string name, deadline d) = 0;
  /// Writes the bundles of the named entries, and nothing else. False: it is no longer of that version, or gone.
  virtual awaitable<result<bool>> set_bundles(std::string name, webhook_registration with, deadline d) = 0;
};

}  // namespace pinhook::kube
