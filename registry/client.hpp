// Asks a registry for the digest behind a tag: HEAD (else GET and hash) of /v2/<repository>/manifests/<tag>, with the
// authentication, redirects and fallbacks that real registries need (OCI distribution-spec "Pulling manifests";
// registry.md §2, §3).
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/http/client.hpp>
#include <pinhook/registry/credentials.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/platform.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/registry/route.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::registry {

/// How one registry is spoken to. Key of the table: the canonical registry name, "registry.example.com:5000".
struct host_settings {
  /// Speak HTTP instead of HTTPS. Unless this is set, loopback registries ("localhost", 127.0.0.0/8, [::1]) speak HTTP
  /// where nothing about TLS is said of them: see speaks_plain_http.
  std::optional<bool> plain_http;
  /// PEM file with certificate authorities trusted for this registry, beside the system's.
  std::string ca_file;
  /// Hosts that may receive this registry's credentials as token realm. Empty: any https host that passes the address
  /// check.
  std::vector<std::string> realm_hosts;
};

/// Whether a registry is spoken to in plain HTTP: what `plain_http` says, else whether its name is a loopback address
/// and no authority, certificate of ours or other setting of TLS stands beside it. `said`, `by`: null when there is
/// none.
[[nodiscard]] bool speaks_plain_http(const host_settings* said, const route* by, const reference& ref);

/// The line of configuration for a registry or mirror that was asked by the wrong scheme.
[[nodiscard]] std::string scheme_advice(const route* by, std::string_view asked, bool plain_http);

struct client_options {
  /// Registries on this machine (loopback addresses) are asked only when they stand here.
  std::map<std::string, host_settings, std::less<>> hosts;
  /// access_rules: which registries may be named; empty: all. What is denied is asked nowhere, by no redirect, token
  /// realm or mirror either. A rule that is none makes every look-up fail: see access_rules::make.
  std::vector<std::string> allow;
  std::vector<std::string> deny;
  /// Always fetch the manifest and hash it, never trust Docker-Content-Digest of a HEAD. Costs a pull at Docker Hub.
  bool verify_by_get = false;
  /// Give not the digest of what the tag means but that of this platform's manifest within it. Asked by GET. not_found:
  /// there is none (part_for); an image that is no index: its own digest when its configuration is for the platform.
  std::optional<registry::platform> of_platform;
  std::string user_agent = "pinhook";
};

/// What happened on the wire, for metrics. Called on the client's thread; must not block.
class observer {
 public:
  virtual ~observer() = default;
  /// `status` 0: no response (`outcome` says why).
  virtual void registry_request(std::string_view host, int status, std::string_view outcome,
                                std::chrono::nanoseconds took) = 0;
  /// `outcome`: "ok" or the name of the error's code.
  virtual void token_fetched(std::string_view host, std::string_view outcome) = 0;
  /// Docker Hub's pull budget (ratelimit-remaining), when a response carries it.
  virtual void rate_limit_remaining(std::string_view host, std::int64_t remaining) = 0;
};

/// What a tag points at.
struct descriptor {
  registry::digest digest;
  /// As the registry said, without parameters; empty when it did not.
  std::string media_type;
};

class client {
 public:
  virtual ~client() = default;

  /// The digest of `ref`'s tag (an index's own digest, never that of one platform), asked with `who`.
  /// A reference with a digest is asked for its existence; a different digest in the answer is malformed.
  /// Errors: not_found, unauthorized, denied, rate_limited (with retry_after), unavailable, timed_out, canceled,
  /// malformed, unsupported (schema 1). The message holds the registry's own words, quoted and bounded.
  awaitable<result<descriptor>> resolve(reference ref, credential who, deadline d) {
    return resolve_by(nullptr, std::move(ref), std::move(who), d);
  }

  /// The same by a way that an operator described; null: as the registry's name says. `who` is shown to that route's
  /// host, so a mirror must be given a credential of its own, never one for the registry of `ref`.
  virtual awaitable<result<descriptor>> resolve_by(std::shared_ptr<const route> by, reference ref, credential who,
                                                   deadline d) = 0;
};

/// `http`, `time` and `watch` must outlive the client. `watch` may be null.
[[nodiscard]] std::unique_ptr<client> make_client(http::client& http, client_options options, const clock& time,
                                                  observer* watch);

}  // namespace pinhook::registry
