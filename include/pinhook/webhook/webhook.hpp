// The composition root: every part of the webhook, made and wired here and nowhere else.
//
//   control thread   registry look-ups, admin port, accepting, reloading of certificates, credentials and rules
//   worker threads   TLS and admission; what the cache holds is answered without leaving them
//
//   asio::io_context control(1);
//   webhook w(control, settings);
//   if (auto ok = w.start(); !ok) …
//   control.run();                       // elsewhere: co_await w.stop();
//
// Thread rule: the control thread; `control` outlives it.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/certificate.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/config/configuration.hpp>
#include <pinhook/config/configuration_source.hpp>
#include <pinhook/config/settings.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace pinhook::webhook {

class webhook {
 public:
  /// `surroundings`: the variables that name the places of credentials and clusters (DOCKER_CONFIG,
  /// KUBERNETES_SERVICE_HOST, AWS_ROLE_ARN, …). `from`: the source of the settings; its file, if it has one, is
  /// watched.
  webhook(asio::io_context& control, config::settings s, environment surroundings,
          config::configuration_source from = {}, const clock& time = machine_clock());
  webhook(const webhook&) = delete;
  webhook& operator=(const webhook&) = delete;
  ~webhook();

  /// The admin port first, so that /readyz can say "starting"; then credentials and certificate; then the webhook's
  /// port; then ready. The certificate is `pair`, else the settings' files, else one that is kept in the cluster. With
  /// a cluster it is ready later, when the API servers trust the served certificate: until a certificate is there,
  /// connections are closed. To be called once; after an error nothing is served.
  result<void> start(std::optional<key_pair> pair = std::nullopt);

  /// Becomes unready, waits for `shutdown.delay`, stops accepting, and answers the requests under way within
  /// `shutdown.limit`. To be called once, after `start` succeeded and before destruction.
  awaitable<void> stop();

  /// After `start`: reads the configuration file now, as is done every few seconds. True: its content has changed and
  /// is in use. Errors as configuration_watch.
  result<bool> reload_if_changed();

  /// After `start`: looks at every watched file now instead of at its time (configuration, lock, certificate,
  /// credentials).
  void look_at_files();

  /// The addresses that it listens at: as in the settings, with port 0 replaced by the port in use.
  [[nodiscard]] server::listen_address listens_at() const;
  [[nodiscard]] server::listen_address admin_at() const;
  [[nodiscard]] std::size_t threads() const;
  /// The origin of the Kubernetes API's address and credentials; empty: the API is not used.
  [[nodiscard]] std::string cluster() const;

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace pinhook::webhook
