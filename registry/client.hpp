// Asks a registry for the digest of a tag: HEAD (else GET and hash) of /v2/<repository>/manifests/<tag>, with the
// authentication, redirects and fallbacks that real registries need (OCI distribution-spec at 967efdc0, "Pulling
// manifests"). tests/integration/registry_quirks_test.cpp has the quirks one by one, with their sources.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/wait_seams.hpp>
#include <pinhook/http/client.hpp>
#include <pinhook/registry/client_options.hpp>
#include <pinhook/registry/credential.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/descriptor.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/document.hpp>
#include <pinhook/registry/observer.hpp>
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

class client {
 public:
  virtual ~client() = default;

  /// The digest of `ref`'s tag (an index's own digest, never that of one platform), requested with `credential`. For a
  /// reference with a digest only the existence is checked; a different digest in the answer is malformed. Errors:
  /// not_found, unauthorized, denied, rate_limited (with retry_after), unavailable, timed_out, canceled, malformed,
  /// unsupported (schema 1). The message holds the registry's own text, quoted and bounded.
  awaitable<result<descriptor>> resolve(reference ref, registry::credential credential, deadline d) {
    return resolve_by(nullptr, std::move(ref), std::move(credential), d);
  }

  /// The same by a route that an operator described; null: the host that the registry's name gives. `credential` is
  /// sent to that route's host, so a mirror must be given a credential of its own, never one for the registry of `ref`.
  virtual awaitable<result<descriptor>> resolve_by(std::shared_ptr<const route> by, reference ref,
                                                   registry::credential credential, deadline d) = 0;

  /// A document of `ref`'s repository, by a route as above. When its name is a digest of a manifest or a blob, its
  /// bytes have that digest. Errors as above; not_found also where a registry has no referrers API.
  virtual awaitable<result<document>> read_by(std::shared_ptr<const route> by, reference ref, document_name what,
                                              registry::credential credential, deadline d) = 0;
};

/// `http`, `time` and `watch` must outlive the client; `watch` may be null.
[[nodiscard]] std::unique_ptr<client> make_client(http::client& http, client_options options, const clock& time,
                                                  observer* watch, wait_seams seams = {});

}  // namespace pinhook::registry
