// The source of the webhook's certificate when there is a cluster, and whether its API servers trust it: kept in a
// Secret by pinhook itself, or given as files and watched. Decisions are made elsewhere (kube/serving_certificate,
// kube/trust_watch) and carried out here: on TLS, readiness, metrics and log.
//
//   auto from = certificate_source::self_managed(connection, settings, {tls, state, numbers, time});
//   tasks.spawn(from->keep());           // until it is canceled; the task ends before `from` does
//
// Thread rule: the control thread.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/kube/serving_api_client.hpp>
#include <pinhook/kube/serving_certificate.hpp>
#include <pinhook/kube/serving_sink.hpp>
#include <pinhook/kube/trust_watch.hpp>
#include <pinhook/server/health.hpp>
#include <pinhook/server/metrics.hpp>
#include <pinhook/server/tls_context.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::webhook {

class certificate_source final : public kube::serving_sink {
 public:
  /// All outlive the certificate_source.
  struct surroundings {
    server::tls_context& tls;
    server::health& state;
    server::metrics& numbers;
    const clock& time;
  };

  /// Kept in the Secret of our own namespace. invalid_input: see config::serving_policy_of, and when the namespace is
  /// not known.
  [[nodiscard]] static result<std::unique_ptr<certificate_source>> self_managed(
      std::shared_ptr<kube::api_connection> to, const config::settings& s, surroundings around);
  /// Loaded from files, and judged by the configuration.
  [[nodiscard]] static std::unique_ptr<certificate_source> watched(std::shared_ptr<kube::api_connection> to,
                                                                   const config::settings& s, surroundings around);
  certificate_source(const certificate_source&) = delete;
  certificate_source& operator=(const certificate_source&) = delete;

  /// Not ready until the certificate is trusted; then readiness follows each check, until it is canceled.
  awaitable<void> keep();

  result<void> use(const key_pair& pair) override;
  void trusted() override;
  void not_trusted(const std::string& reason) override;
  void wrote(std::string_view object, std::string_view reason) override;
  void failed(const error& e) override;
  void unchecked(const std::string& reason) override;

 private:
  certificate_source(std::shared_ptr<kube::api_connection> to, const config::settings& s, surroundings around);

  surroundings around_;
  std::string configuration_;
  kube::serving_api_client api_;
  // One of the two is set.
  std::optional<kube::serving_certificate> keeper_;
  std::optional<kube::trust_watch> watch_;
};

}  // namespace pinhook::webhook
