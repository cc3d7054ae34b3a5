// A source of credentials for registries.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/credential.hpp>
#include <pinhook/registry/reference.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pinhook::registry {

/// For config.json there is one per process; for pull secrets one per tenant.
class credential_source {
 public:
  credential_source() = default;
  virtual ~credential_source() = default;
  credential_source(const credential_source&) = delete;
  credential_source& operator=(const credential_source&) = delete;

  /// Another number for each source that is made.
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

  /// The identity under which answers for `ref` are cached: it changes exactly when the credentials do, and is known
  /// without I/O. A source that serves admissions has one for all tags and digests of a repository. May be called from
  /// any thread.
  [[nodiscard]] virtual std::string identity_for(const reference& ref) const = 0;

  /// How often the credentials may have changed so far: it grows after each change, and while it stays `identity_for`
  /// gives the same for every reference. None: that is not counted. Any thread; no I/O.
  [[nodiscard]] virtual std::optional<std::uint64_t> changes() const { return std::nullopt; }

  /// False: `identity_for` is anonymous_identity(), said without making its text. Most sources are for a few hosts.
  [[nodiscard]] virtual bool may_apply_to([[maybe_unused]] const reference& ref) const { return true; }

  /// The credentials to try for `ref`, best first. Empty: ask as anonymous. When any match, anonymous is not tried
  /// after them (as the kubelet does). May run a helper program; runs on the io_context of the caller.
  virtual awaitable<result<std::vector<credential>>> credentials_for(reference ref, deadline d) = 0;

  /// Call this when the registry refused the result of `credentials_for`. Drops cached answers that can be requested
  /// again (a helper's: ECR's passwords end after 12 hours, and the registry sends no more than 403). True when there
  /// was one, so that another try is worth it.
  virtual bool forget([[maybe_unused]] const reference& ref) { return false; }

  /// The credentials that apply to `ref`, in the order in which they are tried, known without any request. Empty: none.
  [[nodiscard]] virtual std::vector<credential_match> matches([[maybe_unused]] const reference& ref) const {
    return {};
  }

  /// The sources that this one consists of, in the order in which they are asked: each only after those before it gave
  /// nothing or their credentials were refused. Empty: this source is asked itself.
  [[nodiscard]] virtual std::span<const std::shared_ptr<credential_source>> parts() const { return {}; }

  /// The parts that could not be read when this source was made ("pull secret regcred: …"). The others are tried
  /// nevertheless; the report of a failed look-up includes these errors.
  [[nodiscard]] virtual std::vector<error> troubles() const { return {}; }

 private:
  static std::uint64_t next_id() noexcept {
    static std::atomic<std::uint64_t> made{0};
    return ++made;
  }

  const std::uint64_t id_ = next_id();
};

}  // namespace pinhook::registry
