// Whose credentials count for an object: those that its Pods would be pulled with.
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

  /// What is already known, without any I/O; null when something would have to be read first.
  [[nodiscard]] virtual std::shared_ptr<credential_source> held(const tenant& who) = 0;

  /// Never null and never a failure: what cannot be read by `d` is passed over and stands in the source's troubles().
  /// Completes on the caller's executor, which must be served by one thread.
  virtual awaitable<std::shared_ptr<credential_source>> credentials_of(tenant who, deadline d) = 0;
};

/// The same credentials for everyone.
class shared_credentials final : public tenant_credentials {
 public:
  explicit shared_credentials(std::shared_ptr<credential_source> all) : all_(std::move(all)) {}
  [[nodiscard]] std::shared_ptr<credential_source> held(const tenant&) override { return all_; }
  awaitable<std::shared_ptr<credential_source>> credentials_of(tenant, deadline) override { co_return all_; }

 private:
  std::shared_ptr<credential_source> all_;
};

}  // namespace pinhook::registry
