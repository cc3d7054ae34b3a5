// The credentials with which a Pod of a namespace would be pulled: its pull secrets, those of its service account, and
// then the other sources (credential plugins, clouds, the node's config file).
//
//   kube::pull_secrets tenants(api, control_io.get_executor(), machine_clock(), behind, options);
//   auto source = co_await tenants.credentials_of({"team-a", "default", {"regcred"}}, d);
//
// Read objects are used for `ttl`. Sources in use are read again ahead of that while the old ones still serve, so that
// a frequent caller never waits, and a changed secret is used within `ttl`. The service account's secrets are read here
// because the API server's admission copies them into Pods alone, not into templates, and possibly after our webhook.
//
// Thread rule: `held` and `credentials_of` from any thread; a warm answer needs no other thread. The API is asked on
// the control executor, which one thread serves. The io_context of that must outlive this object.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/kube/api.hpp>
#include <pinhook/kube/pull_secrets_options.hpp>
#include <pinhook/registry/tenant_credentials.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pinhook::kube {

/// Limit of the secrets of one list, a Pod's or a service account's; the rest is ignored. Each costs a request to the
/// API server, and a look-up tries fewer credentials still.
inline constexpr std::size_t max_pull_secrets = 32;

class pull_secrets final : public registry::tenant_credentials {
 public:
  /// The sources after the secrets, in their order. `behind_secrets` is called on any thread, without I/O.
  using sources = std::vector<std::shared_ptr<registry::credential_source>>;
  using behind_secrets = std::function<sources(const registry::tenant&)>;

  /// `reads` null: no secret is read, and only the other sources are used. `time` must outlive the reads under way.
  pull_secrets(std::shared_ptr<api> reads, boost::asio::any_io_executor control, const clock& time,
               behind_secrets behind, pull_secrets_options options = {});
  /// Gives up the reads under way; they end later on the control thread.
  ~pull_secrets() override;
  pull_secrets(const pull_secrets&) = delete;
  pull_secrets& operator=(const pull_secrets&) = delete;

  [[nodiscard]] std::shared_ptr<registry::credential_source> held(const registry::tenant& tenant) override;
  [[nodiscard]] std::shared_ptr<registry::credential_source> held_in_use(const registry::tenant& tenant) override;
  [[nodiscard]] bool reads_pull_secrets(const registry::tenant& owner) const override;
  awaitable<std::shared_ptr<registry::credential_source>> credentials_of(registry::tenant tenant, deadline d) override;

 private:
  class core;
  std::shared_ptr<core> core_;
};

}  // namespace pinhook::kube
