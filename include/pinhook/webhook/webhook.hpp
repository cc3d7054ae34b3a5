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
  /// `surroundings`: the variables that say where credentials and clusters are (DOCKER_CONFIG, KUBERNETES_SERVICE_HOST,
  /// AWS_ROLE_ARN, …). `from`: where the settings came from; its file, if it has one, is watched.
  webhook(asio::io_context& control, config::settings s, environment surroundings,
          config::configuration_source from = {}, const clock& time = machine_clock());
  webhook(const webhook&) = delete;
  webhook& operator=(const webhook&) = delete;
  ~webhook();

  /// The admin port first, so that /readyz can say "starting"; then credentials and certificate; then the webhook's
  /// port; then ready. The certificate is `pair`, else the settings' files, else one that is kept in the cluster. With
  /// a cluster it is ready later, when the API servers trust what is served: until a certificate is there, connections
  /// are closed. One call; after an error nothing serves.
  result<void> start(std::optional<key_pair> pair = std::nullopt);

  /// Unready, `shutdown.delay`, no new connections, requests under way answered within `shutdown.limit`. Once, after
  /// `start` succeeded; before destruction.
  awaitable<void> stop();

  /// Reads the configuration file now, after `start`, as is done every few seconds. True: it is another one, and in
  /// use. Errors as configuration_watch.
  result<bool> reload_if_changed();

  /// After `start`: looks at every file that it watches now, instead of at its time (configuration, lock, certificate,
  /// credentials).
  void look_at_files();

  /// Where it listens: as in the settings, port 0 replaced by the one taken.
  [[nodiscard]] server::listen_address listens_at() const;
  [[nodiscard]] server::listen_address admin_at() const;
  [[nodiscard]] std::size_t threads() const;
  /// How the Kubernetes API is asked; empty: not at all.
  [[nodiscard]] std::string cluster() const;

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace pinhook::webhook
