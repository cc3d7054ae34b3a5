// The serving certificate's API in memory: one Secret and one MutatingWebhookConfiguration, with versions. It records
// calls, can refuse, and can let another writer write in between.
//
//   fake_serving_api api;
//   api.set_entries({"enforce.pinhook.dev"});
//   api.fail("update", {error_code::denied, "RBAC", std::nullopt});
//   api.when_asked([&](const std::string& line) { if (line == "update") api.set_secret(…); });
//   … api.calls();      // {"get configuration", "get secret", "update", …}
//
// Lines: "get configuration", "get secret", "create", "update", "bundles". One thread.
#pragma once

#include <pinhook/kube/serving_api.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::testing {

class fake_serving_api final : public kube::serving_api {
 public:
  using hook = std::function<void(const std::string& line)>;

  /// A configuration with these entries, without bundles.
  void set_entries(const std::vector<std::string>& names) {
    std::vector<kube::webhook_entry> out;
    for (const auto& name : names) out.push_back({name, ""});
    set_webhooks(std::move(out));
  }
  void set_webhooks(std::vector<kube::webhook_entry> w) {
    registration_ = kube::webhook_registration{next_version(), std::move(w)};
  }
  /// Sets the same bundle for every entry, as another writer does.
  void set_all_bundles(const std::string& bundle) {
    for (auto& one : registration_->webhooks) one.ca_bundle = bundle;
    registration_->resource_version = next_version();
  }
  void remove_configuration() { registration_.reset(); }
  void set_secret(kube::secret_data data) { secret_ = kube::stored_secret{next_version(), std::move(data)}; }
  void remove_secret() { secret_.reset(); }

  [[nodiscard]] const std::optional<kube::stored_secret>& secret_now() const { return secret_; }
  [[nodiscard]] const std::optional<kube::webhook_registration>& registration_now() const { return registration_; }

  /// Calls with this line ("": all) fail with the error, until `heal`.
  void fail(const std::string& line, error e) { failures_.insert_or_assign(line, std::move(e)); }
  void heal() { failures_.clear(); }
  /// Called within each call, with its line, before it answers.
  void when_asked(hook h) { hook_ = std::move(h); }

  [[nodiscard]] const std::vector<std::string>& calls() const { return calls_; }
  [[nodiscard]] std::size_t calls(const std::string& line) const {
    return static_cast<std::size_t>(std::count(calls_.begin(), calls_.end(), line));
  }
  /// Successful writes.
  [[nodiscard]] std::size_t writes() const { return writes_; }
  void forget_calls() { calls_.clear(); }

  awaitable<result<kube::stored_secret>> get_stored(std::string, std::string, deadline) override {
    if (auto failure = begin("get secret")) co_return pinhook::fail(*std::move(failure));
    if (!secret_) co_return pinhook::fail(error_code::not_found, "there is no such Secret");
    co_return *secret_;
  }
  awaitable<result<bool>> create_stored(std::string, std::string, kube::secret_data data, deadline) override {
    if (auto failure = begin("create")) co_return pinhook::fail(*std::move(failure));
    if (secret_) co_return false;
    set_secret(std::move(data));
    ++writes_;
    co_return true;
  }
  awaitable<result<bool>> update_stored(std::string, std::string, kube::stored_secret with, deadline) override {
    if (auto failure = begin("update")) co_return pinhook::fail(*std::move(failure));
    if (!secret_ || secret_->resource_version != with.resource_version) co_return false;
    set_secret(std::move(with.data));
    ++writes_;
    co_return true;
  }
  awaitable<result<kube::webhook_registration>> get_registration(std::string, deadline) override {
    if (auto failure = begin("get configuration")) co_return pinhook::fail(*std::move(failure));
    if (!registration_) co_return pinhook::fail(error_code::not_found, "there is no such configuration");
    co_return *registration_;
  }
  awaitable<result<bool>> set_bundles(std::string, kube::webhook_registration with, deadline) override {
    if (auto failure = begin("bundles")) co_return pinhook::fail(*std::move(failure));
    if (!registration_ || registration_->resource_version != with.resource_version) co_return false;
    for (const auto& written : with.webhooks)
      for (auto& one : registration_->webhooks)
        if (one.name == written.name) one.ca_bundle = written.ca_bundle;
    registration_->resource_version = next_version();
    ++writes_;
    co_return true;
  }

 private:
  std::optional<error> begin(const std::string& line) {
    calls_.push_back(line);
    // A copy, since a hook can set another, or none.
    if (const hook call = hook_) call(line);
    auto found = failures_.find(line);
    if (found == failures_.end()) found = failures_.find("");
    if (found == failures_.end()) return std::nullopt;
    return found->second;
  }
  std::string next_version() { return std::to_string(++version_); }

  std::optional<kube::stored_secret> secret_;
  std::optional<kube::webhook_registration> registration_;
  std::map<std::string, error> failures_;
  std::vector<std::string> calls_;
  hook hook_;
  int version_ = 0;
  std::size_t writes_ = 0;
};

}  // namespace pinhook::testing
