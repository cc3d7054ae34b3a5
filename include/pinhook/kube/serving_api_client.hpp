// The serving certificate's Secret and webhook configuration over HTTP.
//
//   kube::serving_api_client api(connection);
//   auto have = co_await api.get_stored("pinhook", "pinhook-serving-certificate", d);
//
// RBAC, each with the one resourceName: get, create and patch on secrets; get and patch on
// mutatingwebhookconfigurations.admissionregistration.k8s.io. A Secret is created by server-side apply, which the
// API server authorizes with the Secret's name, as it cannot for a POST.
//
// Thread rule: one thread, that of the connection.
#pragma once

#include <pinhook/kube/api_connection.hpp>
#include <pinhook/kube/serving_api.hpp>

#include <functional>
#include <memory>
#include <string>

namespace pinhook::kube {

struct serving_api_options {
  /// The name of this machine's writes in the Secret's managed fields. Default: the host's name, in a cluster the
  /// Pod's.
  std::string host = {};
  /// A part of the manager's name that differs for each creation; a creation under the manager of another would
  /// overwrite it. Default: random.
  std::function<std::string()> salt = {};
};

class serving_api_client final : public serving_api {
 public:
  explicit serving_api_client(std::shared_ptr<api_connection> to, serving_api_options options = {});

  awaitable<result<stored_secret>> get_stored(std::string ns, std::string name, deadline d) override;
  awaitable<result<bool>> create_stored(std::string ns, std::string name, secret_data data, deadline d) override;
  awaitable<result<bool>> update_stored(std::string ns, std::string name, stored_secret with, deadline d) override;
  awaitable<result<webhook_registration>> get_registration(std::string name, deadline d) override;
  awaitable<result<bool>> set_bundles(std::string name, webhook_registration with, deadline d) override;

 private:
  awaitable<result<bool>> update(api_call call, deadline d);

  std::shared_ptr<api_connection> to_;
  serving_api_options options_;
};

}  // namespace pinhook::kube
