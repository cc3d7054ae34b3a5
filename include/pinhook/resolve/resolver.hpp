// Resolves tags to digests and remembers them: the cache, the single flight and the host gate in front of the client.
//
// Thread rule: `resolve` and `known` may be called from any thread. Answers that the cache holds are given on the
// calling thread without waiting for any other; the rest goes to the one look-up thread (the executor given at
// construction).
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/document.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/resolve/answer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::resolve {

enum class freshness : std::uint8_t {
  cached,     // an unexpired answer will do
  refreshed,  // past the cache: ask the registry now (annotation pinhook.dev/refresh)
};

struct query {
  registry::reference ref;
  /// Answers are shared only between equal identities.
  std::shared_ptr<registry::credential_source> credentials;
  freshness want = freshness::cached;
  /// The account on which it is asked: the namespace of the request. Accounts share places fairly; the answer does not
  /// depend on it. Empty: no particular one, such as a command.
  std::string owner{};
  /// Not a digest is asked for, but this document beside the image `ref`, which has one. Looked up like a tag, by the
  /// same routes, credentials and places in line, and never cached.
  std::optional<registry::document_name> document{};
};

/// What `q` is about, apart from credentials; equal ones are looked up once.
[[nodiscard]] std::string subject_of(const query& q);

/// The credential identity with which answers for `q` may be shared. Any thread; no I/O.
[[nodiscard]] std::string identity_of(const query& q);

class resolver {
 public:
  virtual ~resolver() = default;

  /// One result per query, in their order, all looked up at the same time; returns by `d` at the latest.
  /// Errors are those of registry::client::resolve; timed_out when `d` passed first and nothing stale was within its
  /// age. A look-up that outlives `d` goes on (within its own time limit) and fills the cache for the next request.
  virtual awaitable<std::vector<result<answer>>> resolve(std::vector<query> queries, deadline d) = 0;

  /// The document of a query that names one. Errors as `resolve`; not_found: it is not there.
  awaitable<result<registry::document>> read(query q, deadline d);

  /// The digest that the cache holds for `q`, unexpired. Never any I/O.
  [[nodiscard]] virtual std::optional<registry::digest> known(const query& q) const = 0;

  /// True when `resolve` would answer `q` without asking a registry: a digest or a refusal is held. Never any I/O.
  [[nodiscard]] virtual bool is_held(const query& q) const {
    return q.want == freshness::cached && known(q).has_value();
  }

  /// Keeps `v` beside the digest that the cache holds for `q`, where that is `d`: until the tag has another one, the
  /// answers to `q` carry it. For the credentials of `q` alone, as the digest. Never any I/O.
  virtual void keep([[maybe_unused]] const query& q, [[maybe_unused]] const registry::digest& d,
                    [[maybe_unused]] const vouch& v) {}
};

}  // namespace pinhook::resolve
