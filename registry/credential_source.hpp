// A place that credentials for registries come from.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/credential.hpp>
#include <pinhook/registry/reference.hpp>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace pinhook::registry {

/// A place credentials come from. One per process in `config.json`'s case; one per tenant for pull secrets.
class credential_source {
 public:
  virtual ~credential_source() = default;

  /// The identity under which answers for `ref` are cached: stable while the credentials are, different when they are,
  /// and known without I/O. May be called from any thread.
  [[nodiscard]] virtual std::string identity_for(const reference& ref) const = 0;

  /// The credentials to try for `ref`, best first. None: ask as anonymous. When any match, anonymous is not tried after
  /// them (as the kubelet does). May run a helper program; on the io_context of the caller.
  virtual awaitable<result<std::vector<credential>>> credentials_for(reference ref, deadline d) = 0;

  /// The registry refused what `credentials_for` gave for `ref`. Drops what is only held and can be asked for anew (a
  /// helper's answer: ECR's passwords end after 12 hours, and the registry says no more than 403); true when there was
  /// something, and asking once more is worth it.
  virtual bool forget([[maybe_unused]] const reference& ref) { return false; }

  /// What applies to `ref`, in the order in which it is tried, known without asking anyone. Empty: nothing.
  [[nodiscard]] virtual std::vector<credential_match> matches([[maybe_unused]] const reference& ref) const {
    return {};
  }

  /// The sources this one is made of, in the order in which they are asked: each only after what those before it gave
  /// was refused, or was nothing. Empty: it is asked itself.
  [[nodiscard]] virtual std::span<const std::shared_ptr<credential_source>> parts() const { return {}; }

  /// What could not be read when this source was made ("pull secret regcred: …"). It does not keep the others from
  /// being tried; whoever reports a failed look-up adds it.
  [[nodiscard]] virtual std::vector<error> troubles() const { return {}; }
};

}  // namespace pinhook::registry
