// The Kubernetes API over HTTP: Secrets, Namespaces, ServiceAccounts and their tokens.
//
//   auto to = std::make_shared<kube::api_connection>(http, cluster, machine_processes(), executor, machine_clock());
//   kube::api_client api(to);
//   const auto s = co_await api.get_secret("shop", "pull", d);
//
// RBAC: `get` on secrets, serviceaccounts and, where labels are checked, namespaces; `create` on serviceaccounts/token;
// no list, no watch.
//
// Thread rule: one thread, that of the connection.
#pragma once

#include <pinhook/kube/api.hpp>
#include <pinhook/kube/api_connection.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace pinhook::kube {

struct api_client_options {
  /// The lifetime of tokens of service accounts; the API server requires ten minutes at least, and the value is clamped
  /// between that and an hour.
  std::chrono::seconds token_lifetime{3600};
};

class api_client final : public api {
 public:
  explicit api_client(std::shared_ptr<api_connection> to, api_client_options options = {});

  awaitable<result<secret_object>> get_secret(std::string ns, std::string name, deadline d) override;
  awaitable<result<namespace_object>> get_namespace(std::string name, deadline d) override;
  awaitable<result<service_account>> get_service_account(std::string ns, std::string name, deadline d) override;
  /// invalid_input for an empty audience: such a token would be one for the API server itself.
  awaitable<result<service_account_token>> request_token(std::string ns, std::string service_account,
                                                         std::string audience, deadline d) override;

 private:
  std::shared_ptr<api_connection> to_;
  const api_client_options options_;
};

}  // namespace pinhook::kube
