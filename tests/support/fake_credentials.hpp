// A credential source that a test sets up, changes under way and lets fail. Any thread.
#pragma once

#include <pinhook/registry/credential_source.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::testing {

class fake_credentials final : public registry::credential_source {
 public:
  /// One credential, whose identity is the source's: `identity` names it in records too.
  explicit fake_credentials(const std::string& identity) { becomes(identity); }

  static std::shared_ptr<fake_credentials> make(const std::string& identity) {
    return std::make_shared<fake_credentials>(identity);
  }
  static registry::credential credential_named(const std::string& name) {
    registry::credential out;
    out.kind = registry::credential_kind::basic;
    out.username = name;
    out.secret = pinhook::secret("password of " + name);
    out.source = name;
    out.identity = name;
    return out;
  }

  /// The credentials change, as when an operator edits the secret.
  void becomes(const std::string& identity) {
    const std::lock_guard lock(guard_);
    identity_ = identity;
    all_ = {credential_named(identity)};
    ++changes_;
  }
  void set(const std::string& identity, std::vector<registry::credential> all) {
    const std::lock_guard lock(guard_);
    identity_ = identity;
    all_ = std::move(all);
    ++changes_;
  }
  void fails(std::optional<error> e) {
    const std::lock_guard lock(guard_);
    error_ = std::move(e);
  }
  /// Called within each credentials_for, before it answers.
  void when_asked(std::function<void()> hook) {
    const std::lock_guard lock(guard_);
    hook_ = std::move(hook);
  }

  [[nodiscard]] std::string identity_for(const registry::reference&) const override {
    const std::lock_guard lock(guard_);
    ++identified_;
    return identity_;
  }
  [[nodiscard]] std::optional<std::uint64_t> changes() const override {
    const std::lock_guard lock(guard_);
    return counts_changes_ ? std::optional(changes_) : std::nullopt;
  }
  /// Changes are not counted any more.
  void counts_no_changes() {
    const std::lock_guard lock(guard_);
    counts_changes_ = false;
  }
  /// Questions after the identity.
  [[nodiscard]] int identified() const {
    const std::lock_guard lock(guard_);
    return identified_;
  }
  awaitable<result<std::vector<registry::credential>>> credentials_for(registry::reference, deadline) override {
    const auto hook = [this] {
      const std::lock_guard lock(guard_);
      ++asked_;
      return hook_;
    }();
    if (hook) hook();
    const std::lock_guard lock(guard_);
    if (error_) co_return fail(*error_);
    co_return all_;
  }
  /// Holds an answer that `forget` drops: the next credentials are those of `name`, under the identity of before.
  void renews_as(const std::string& name) {
    const std::lock_guard lock(guard_);
    renewed_ = {credential_named(name)};
  }
  bool forget(const registry::reference&) override {
    const std::lock_guard lock(guard_);
    if (renewed_.empty()) return false;
    all_ = std::exchange(renewed_, {});
    return true;
  }
  [[nodiscard]] int asked() const {
    const std::lock_guard lock(guard_);
    return asked_;
  }

 private:
  mutable std::mutex guard_;
  std::string identity_;
  std::vector<registry::credential> all_;
  std::vector<registry::credential> renewed_;
  std::optional<error> error_;
  std::function<void()> hook_;
  int asked_ = 0;
  mutable int identified_ = 0;
  std::uint64_t changes_ = 0;
  bool counts_changes_ = true;
};

}  // namespace pinhook::testing
