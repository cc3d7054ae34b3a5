// Credentials for Google's registries (gcr.io, Artifact Registry) as Google's own libraries find them: an access token
// of the process's principal, shown as the password of oauth2accesstoken. Sources: go-containerregistry at 3f4ff3ca,
// pkg/v1/google; fluxcd/pkg at e2cfd1a2, auth/gcp.
//
//   google_credentials google(public_http, metadata_http, io.get_executor(), machine_clock(), process_environment());
//
// One token for all of Google's registries, fetched once for all callers, held until it ends, renewed before.
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

struct google_options {
  /// For one answer of the metadata server: it is on this machine or not there at all.
  std::chrono::nanoseconds metadata_limit = std::chrono::seconds(2);
  /// For one answer of a public API.
  std::chrono::nanoseconds api_limit = std::chrono::seconds(10);
  /// A look-up waits this long for a token, or half of its time; the fetch goes on, and the next look-up finds it.
  std::chrono::nanoseconds patience = std::chrono::seconds(5);
  /// The time for all steps of a token, and for how long a failure is remembered.
  fetch_cache_options tokens;
};

class google_credentials final : public registry::credential_source {
 public:
  /// `api`: for public https services, guarded. `metadata`: reaches link-local addresses and never uses a proxy. Both
  /// belong to the executor's thread and, like `time`, outlive this.
  google_credentials(http::client& api, http::client& metadata, asio::any_io_executor on, const clock& time,
                     environment variables, google_options options = {});

  /// One value for all of Google's registries: there is one principal a process.
  [[nodiscard]] std::string identity_for(const registry::reference& ref) const override;
  [[nodiscard]] std::optional<std::uint64_t> changes() const override { return 0; }
  [[nodiscard]] bool may_apply_to(const registry::reference& ref) const override;
  /// One credential, or none for hosts that are not Google's. Errors name "Google" and the step, and hold no secret:
  /// invalid_input, unsupported (the configuration), unavailable (a file), malformed, denied, rate_limited, timed_out.
  awaitable<result<std::vector<registry::credential>>> credentials_for(registry::reference ref, deadline d) override;
  bool forget(const registry::reference& ref) override;
  [[nodiscard]] std::vector<registry::credential_match> matches(const registry::reference& ref) const override;

 private:
  struct world;
  using cache = fetch_cache<secret>;
  static awaitable<result<cache::fetched>> fetch(std::shared_ptr<const world> w, deadline d);

  std::shared_ptr<const world> world_;
  cache tokens_;
};

}  // namespace pinhook::cloud
