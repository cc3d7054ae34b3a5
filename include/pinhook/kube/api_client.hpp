// The Kubernetes API over HTTP: Secrets, ServiceAccounts and their tokens.
//
//   http::curl_client direct(io, {.guards_addresses = false});   // the API server is who the operator says
//   kube::api_client api(direct, cluster, machine_processes(), io.get_executor(), machine_clock());
//   const auto s = co_await api.get_secret("shop", "pull", d);
//
// After a 401 what we show is renewed (the token file read again, the plugin run again) and the question asked once
// more; after 429, 5xx and broken connections it is asked once more when the deadline has room for it. Redirects are
// never followed. RBAC: `get` on secrets and serviceaccounts, `create` on serviceaccounts/token; no list, no watch.
//
// Thread rule: one thread, that of the executor and of the HTTP client. Must outlive its questions.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/process.hpp>
#include <pinhook/http/client.hpp>
#include <pinhook/kube/api.hpp>
#include <pinhook/kube/api_error.hpp>
#include <pinhook/kube/cluster.hpp>
#include <pinhook/kube/login.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace pinhook::kube {

struct api_client_options {
  /// How long tokens of service accounts are valid; the API server takes ten minutes at least, and what is asked here
  /// is kept between that and an hour.
  std::chrono::seconds token_lifetime{3600};
  login_options login;
};

/// What tests replace: waiting, and the jitter of the waits.
struct api_client_seams {
  /// Default: a timer on the coroutine's executor.
  std::function<awaitable<void>(std::chrono::nanoseconds)> sleep;
  /// In [0, 1).
  std::function<double()> random;
};

class api_client final : public api {
 public:
  /// `http`, `processes` and `time` must outlive this.
  api_client(http::client& http, cluster where, process_runner& processes, asio::any_io_executor on, const clock& time,
             api_client_options options = {}, api_client_seams seams = {});

  awaitable<result<secret_object>> get_secret(std::string ns, std::string name, deadline d) override;
  awaitable<result<service_account>> get_service_account(std::string ns, std::string name, deadline d) override;
  /// invalid_input for an empty audience: such a token would be one for the API server itself.
  awaitable<result<service_account_token>> request_token(std::string ns, std::string service_account,
                                                         std::string audience, deadline d) override;

  [[nodiscard]] const cluster& where() const { return *where_; }

 private:
  awaitable<result<secret>> ask(question what, std::optional<secret> body, deadline d);
  awaitable<result<http::response>> send(http::request r, deadline d);
  [[nodiscard]] http::request request_for(const question& what, const std::optional<secret>& body) const;

  http::client& http_;
  std::shared_ptr<const cluster> where_;
  const clock& time_;
  const api_client_options options_;
  api_client_seams seams_;
  login login_;
};

}  // namespace pinhook::kube
