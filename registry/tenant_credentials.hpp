// The credentials that count for an object: those with which its Pods' images would be pulled.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/tenant.hpp>

#include <compare>
#include <memory>
#include <string>
#include <vector>

namespace pinhook::registry {

/// Any thread.
class tenant_credentials {
 public:
  virtual ~tenant_credentials() = default;

  /// The known credentials, without any I/O; null when something would have to be read first.
  [[nodiscard]] virtual std::shared_ptr<credential_source> held(const tenant& owner) = 0;

  /// The same for a caller that uses them, which therefore are read again in time, as by credentials_of.
  [[nodiscard]] virtual std::shared_ptr<credential_source> held_in_use(const tenant& owner) { return held(owner); }

  /// The pull secrets of this tenant's Pods and service account are read.
  [[nodiscard]] virtual bool reads_pull_secrets(const tenant& owner) const = 0;

  /// Never null and never an error: secrets that cannot be read by `d` are left out and reported by the source's
  /// troubles(). Completes on the caller's executor, which must be served by one thread.
  virtual awaitable<std::shared_ptr<credential_source>> credentials_of(tenant owner, deadline d) = 0;
};

/// The same credentials for every tenant.
class shared_credentials final : public tenant_credentials {
 public:
  explicit shared_credentials(std::shared_ptr<credential_source> all) : all_(std::move(all)) {}
  [[nodiscard]] std::shared_ptr<credential_source> held(const tenant&) override { return all_; }
  [[nodiscard]] bool reads_pull_secrets(const tenant&) const override { return false; }
  awaitable<std::shared_ptr<credential_source>> credentials_of(tenant, deadline) override { co_return all_; }

 private:
  std::shared_ptr<credential_source> all_;
};

}  // namespace pinhook::registry
