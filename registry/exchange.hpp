// Carries one request to a registry to its answer: authentication, redirects, retries. It decides nothing itself but
// obeys auth_flow, token_flow, next_hop and http::next_try.
//
// Thread rule: one thread, that of the io_context of the HTTP client. Requests may run side by side; those that need
// the same token fetch it once. That fetch has its own time limit and its own tries: it goes on when the request that
// began it is canceled or out of time, and its token serves the others and the next request.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/fetch_cache.hpp>
#include <pinhook/base/wait_seams.hpp>
#include <pinhook/http/client.hpp>
#include <pinhook/http/retry.hpp>
#include <pinhook/registry/auth_flow.hpp>
#include <pinhook/registry/client_options.hpp>
#include <pinhook/registry/credential.hpp>
#include <pinhook/registry/observer.hpp>
#include <pinhook/registry/redirect.hpp>
#include <pinhook/registry/route.hpp>
#include <pinhook/registry/token_cache.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace pinhook::registry {

/// A request for a manifest, a blob or a list of referrers.
struct manifest_request {
  std::string registry;  // "docker.io"; for a mirror its own host
  web_url url;           // …/v2/<repository>/manifests/<tag or digest>, …/blobs/<digest>, …/referrers/<digest>
  std::string repository;
  registry::credential credential;
  http::method verb = http::method::head;
  /// Counts the messages sent for this request, retries included and those for its tokens not; shared by its HEAD and
  /// its GET. Must outlive the call.
  int* tries_made = nullptr;
  /// Bytes of an answer that are read; 0: those of a manifest.
  std::size_t most_bytes = 0;
  /// The route to use; null: the host that the registry's name gives.
  std::shared_ptr<const route> by = nullptr;
};

class exchange {
 public:
  /// All must outlive the exchange; `http` and `time` also the fetches of tokens, which end later on the io_context.
  /// `watch` may be null. `rules` holds for every host, no matter where it was named.
  exchange(http::client& http, const client_options& options, const access_rules& rules, const clock& time,
           observer* watch, wait_seams seams);
  ~exchange();
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  /// The final response: not a redirect, not 401. Errors: those of auth_flow, next_hop and http::client.
  awaitable<result<http::response>> ask(manifest_request request, deadline d);

  /// "https://registry-1.docker.io": HTTP when so configured, or for loopback names unless forbidden.
  [[nodiscard]] std::string base_url(const route* by, const reference& ref) const;

 private:
  using token_flights = fetch_cache<secret, token_key>;
  struct common;
  struct hop;

  [[nodiscard]] result<hop> first_hop(const manifest_request& request) const;
  // Moves `at` to the target of the redirect.
  [[nodiscard]] std::optional<error> follow(const manifest_request& request, hop& at, const http::response& r) const;
  awaitable<result<http::response>> ask_host(const manifest_request& request, hop& at, deadline d);
  awaitable<result<http::response>> send(const manifest_request& request, const hop& at, http::request r, deadline d);
  awaitable<auth_token> token(token_request request, registry::credential credential, deadline d);
  static awaitable<result<token_flights::fetched>> fetch_token(std::shared_ptr<common> with, token_request request,
                                                               registry::credential credential, deadline d);

  [[nodiscard]] http::request manifest_message(const manifest_request& request, const hop& at) const;
  [[nodiscard]] const host_settings* settings_for(std::string_view registry) const;
  [[nodiscard]] std::shared_ptr<const http::tls_settings> tls_for(std::string_view registry) const;

  std::shared_ptr<common> common_;
  const client_options& options_;
  const access_rules& rules_;
  // One for each host of the settings: requests with the same one may share connections.
  std::map<std::string, std::shared_ptr<const http::tls_settings>, std::less<>> tls_;
  challenge_cache challenges_;
  token_flights flights_;
};

}  // namespace pinhook::registry
