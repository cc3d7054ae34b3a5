// The credentials of tenants, by namespace, that a test sets up. It records the tenants of the calls. Any thread.
#pragma once

#include "support/fake_credentials.hpp"

#include <pinhook/registry/tenant_credentials.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::testing {

class fake_tenant_credentials final : public registry::tenant_credentials {
 public:
  /// Of this tenant alone; `is_held` says whether it is known without being asked for.
  void set(const registry::tenant& owner, std::shared_ptr<registry::credential_source> all, bool is_held = true) {
    const std::lock_guard lock(guard_);
    sources_.insert_or_assign(owner, std::move(all));
    held_[owner] = is_held;
  }

  /// A tenant that was not set has the source "unknown tenant".
  [[nodiscard]] std::shared_ptr<registry::credential_source> held(const registry::tenant& owner) override {
    const std::lock_guard lock(guard_);
    const auto found = held_.find(owner);
    return found != held_.end() && found->second ? sources_.at(owner) : nullptr;
  }
  [[nodiscard]] bool reads_pull_secrets(const registry::tenant&) const override { return true; }
  awaitable<std::shared_ptr<registry::credential_source>> credentials_of(registry::tenant owner, deadline) override {
    const std::lock_guard lock(guard_);
    asked_.push_back(owner);
    const auto found = sources_.find(owner);
    if (found != sources_.end()) co_return found->second;
    co_return fake_credentials::make("unknown tenant");
  }

  /// Every tenant that was asked for, in order; `held` does not count.
  [[nodiscard]] std::vector<registry::tenant> asked() const {
    const std::lock_guard lock(guard_);
    return asked_;
  }

 private:
  mutable std::mutex guard_;
  std::map<registry::tenant, std::shared_ptr<registry::credential_source>> sources_;
  std::map<registry::tenant, bool> held_;
  std::vector<registry::tenant> asked_;
};

}  // namespace pinhook::testing
