// The credentials of tenants, by namespace, that a test sets up. It records who was asked for. Any thread.
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
  void set(const registry::tenant& who, std::shared_ptr<registry::credential_source> all, bool is_held = true) {
    const std::lock_guard lock(guard_);
    sources_.insert_or_assign(who, std::move(all));
    held_[who] = is_held;
  }

  /// Another tenant than those that were set has the source "nobody's".
  [[nodiscard]] std::shared_ptr<registry::credential_source> held(const registry::tenant& who) override {
    const std::lock_guard lock(guard_);
    const auto found = held_.find(who);
    return found != held_.end() && found->second ? sources_.at(who) : nullptr;
  }
  awaitable<std::shared_ptr<registry::credential_source>> credentials_of(registry::tenant who, deadline) override {
    const std::lock_guard lock(guard_);
    asked_.push_back(who);
    const auto found = sources_.find(who);
    if (found != sources_.end()) co_return found->second;
    co_return fake_credentials::make("nobody's");
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
