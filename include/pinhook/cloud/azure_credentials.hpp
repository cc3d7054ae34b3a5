// Credentials for Azure Container Registry without a plugin: the token of the process's identity at Azure is exchanged
// for a refresh token of the registry, which the registry's token server then takes (Azure/acr, docs/AAD-OAuth.md).
//
//   azure_credentials azure(public_http, metadata_http, io.get_executor(), machine_clock(), process_environment());
//
// The credential is an identity token: /oauth2/token takes it by POST with grant refresh_token, as Azure documents, and
// where that is refused, as the password of the user of zeros by GET; the registry client does both in this order.
//
// Thread rule: identity_for and matches from any thread; the rest, and the destructor, on the executor's one thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/fetch_cache.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/http/client.hpp>
#include <pinhook/registry/credential_source.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace pinhook::cloud {

struct azure_options {
  /// For one answer of the metadata service.
  std::chrono::nanoseconds metadata_limit = std::chrono::seconds(2);
  /// For one answer of Azure's authority or of a registry.
  std::chrono::nanoseconds api_limit = std::chrono::seconds(10);
  /// A look-up waits this long, or half of its time; the fetch goes on, and the next look-up finds its value.
  std::chrono::nanoseconds patience = std::chrono::seconds(5);
  /// For the token of Azure and, separately, for each registry's: time for all steps, how long a failure is remembered,
  /// the number of entries.
  fetch_cache_options tokens;
};

class azure_credentials final : public registry::credential_source {
 public:
  /// `api`: for public https services, guarded; it also asks the registries. `metadata`: reaches link-local addresses
  /// and never uses a proxy. Both belong to the executor's thread and, like `time`, outlive this.
  azure_credentials(http::client& api, http::client& metadata, asio::any_io_executor on, const clock& time,
                    environment variables, azure_options options = {});
  ~azure_credentials() override;

  /// One value a registry: a credential for one is of no use at another.
  [[nodiscard]] std::string identity_for(const registry::reference& ref) const override;
  [[nodiscard]] std::optional<std::uint64_t> changes() const override { return 0; }
  [[nodiscard]] bool may_apply_to(const registry::reference& ref) const override;
  /// One credential, or none for hosts that are not Azure's. Errors name "Azure" and the step, and hold no secret:
  /// invalid_input, unsupported (the configuration), unavailable (a file), malformed, denied, rate_limited, timed_out.
  awaitable<result<std::vector<registry::credential>>> credentials_for(registry::reference ref, deadline d) override;
  /// Drops the registry's refresh token. Azure's own stays: it proves the identity, not its permissions.
  bool forget(const registry::reference& ref) override;
  [[nodiscard]] std::vector<registry::credential_match> matches(const registry::reference& ref) const override;

 private:
  struct world;
  using cache = fetch_cache<secret>;
  static awaitable<result<cache::fetched>> ask_azure(std::shared_ptr<const world> w, deadline d);
  static awaitable<result<cache::fetched>> ask_registry(std::shared_ptr<const world> w, std::shared_ptr<cache> azure,
                                                        std::string host, deadline d);

  std::shared_ptr<const world> world_;
  /// Shared with the fetches for registries, which use it; they end before it does.
  std::shared_ptr<cache> azure_;
  cache registries_;
};

}  // namespace pinhook::cloud
