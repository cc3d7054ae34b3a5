// A Kubernetes API in memory: Secrets, ServiceAccounts and tokens that a test sets up and changes under way. It records
// calls, and can refuse by key.
//
//   fake_kube_api api;
//   api.set_secret("shop", "pull", fake_kube_api::docker_secret(R"({"auths":{"r.example":{"auth":"dTpw"}}})"));
//   api.set_service_account("shop", "default", {.uid = "1", .image_pull_secrets = {"pull"}, .annotations = {}});
//   api.fail("get secrets shop/pull", {error_code::denied, "RBAC", std::nullopt});
//   … api.calls();                               // {"get serviceaccounts shop/default", "get secrets shop/pull"}
//
// A call's line is "get secrets NS/NAME", "get namespaces NAME", "get serviceaccounts NS/NAME" or "create
// serviceaccounts/token NS/NAME AUDIENCE". Missing objects are not_found. Any thread.
#pragma once

#include <pinhook/kube/api.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::testing {

class fake_kube_api final : public kube::api {
 public:
  using hook = std::function<void(const std::string& line)>;

  /// A Secret with the text of a .dockerconfigjson.
  static kube::secret_object docker_secret(const std::string& config) {
    kube::secret_object out;
    out.type = "kubernetes.io/dockerconfigjson";
    out.data.emplace(".dockerconfigjson", secret(config));
    return out;
  }
  static std::string secret_line(const std::string& ns, const std::string& name) {
    return "get secrets " + ns + "/" + name;
  }
  static std::string service_account_line(const std::string& ns, const std::string& name) {
    return "get serviceaccounts " + ns + "/" + name;
  }
  static std::string token_line(const std::string& ns, const std::string& name, const std::string& audience) {
    return "create serviceaccounts/token " + ns + "/" + name + " " + audience;
  }

  static std::string namespace_line(const std::string& name) { return "get namespaces " + name; }

  /// A namespace with the label pinhook.dev/pin; without it when `mode` is empty.
  void set_namespace(const std::string& name, const std::string& mode) {
    const std::lock_guard lock(guard_);
    kube::namespace_object made;
    if (!mode.empty()) made.labels.emplace("pinhook.dev/pin", mode);
    namespaces_.insert_or_assign(name, std::move(made));
  }
  void set_secret(const std::string& ns, const std::string& name, kube::secret_object s) {
    const std::lock_guard lock(guard_);
    secrets_.insert_or_assign(ns + "/" + name, std::move(s));
  }
  void remove_secret(const std::string& ns, const std::string& name) {
    const std::lock_guard lock(guard_);
    secrets_.erase(ns + "/" + name);
  }
  void set_service_account(const std::string& ns, const std::string& name, kube::service_account s) {
    const std::lock_guard lock(guard_);
    accounts_.insert_or_assign(ns + "/" + name, std::move(s));
  }
  void remove_service_account(const std::string& ns, const std::string& name) {
    const std::lock_guard lock(guard_);
    accounts_.erase(ns + "/" + name);
  }
  /// Sets the token of calls with this line. Without one: "token N of NS/NAME for AUDIENCE" (N counts all tokens
  /// given out, from 1), valid for an hour after the machine's time.
  void set_token(const std::string& line, kube::service_account_token token) {
    const std::lock_guard lock(guard_);
    tokens_.insert_or_assign(line, std::move(token));
  }
  /// Calls with this line ("": all calls) fail with the error, until `heal`.
  void fail(const std::string& line, error e) {
    const std::lock_guard lock(guard_);
    failures_.insert_or_assign(line, std::move(e));
  }
  void heal() {
    const std::lock_guard lock(guard_);
    failures_.clear();
  }
  /// Called within each call, with its line, before it answers.
  void when_asked(hook h) {
    const std::lock_guard lock(guard_);
    hook_ = std::move(h);
  }

  /// The lines of all calls, in order.
  [[nodiscard]] std::vector<std::string> calls() const {
    const std::lock_guard lock(guard_);
    return calls_;
  }
  /// The number of calls with a line.
  [[nodiscard]] std::size_t calls(const std::string& line) const {
    const std::lock_guard lock(guard_);
    return static_cast<std::size_t>(std::count(calls_.begin(), calls_.end(), line));
  }
  void forget_calls() {
    const std::lock_guard lock(guard_);
    calls_.clear();
  }

  awaitable<result<kube::secret_object>> get_secret(std::string ns, std::string name, deadline) override {
    const std::string line = secret_line(ns, name);
    std::optional<error> failure = co_await begin(line);
    if (failure) co_return pinhook::fail(*std::move(failure));
    co_return look_up(secrets_, ns, name, "secrets");
  }

  awaitable<result<kube::namespace_object>> get_namespace(std::string name, deadline) override {
    const std::string line = namespace_line(name);
    std::optional<error> failure = co_await begin(line);
    if (failure) co_return pinhook::fail(*std::move(failure));
    const std::lock_guard lock(guard_);
    const auto found = namespaces_.find(name);
    if (found == namespaces_.end())
      co_return pinhook::fail(error_code::not_found, "namespaces \"" + name + "\" not found");
    co_return found->second;
  }

  awaitable<result<kube::service_account>> get_service_account(std::string ns, std::string name, deadline) override {
    const std::string line = service_account_line(ns, name);
    std::optional<error> failure = co_await begin(line);
    if (failure) co_return pinhook::fail(*std::move(failure));
    co_return look_up(accounts_, ns, name, "serviceaccounts");
  }

  awaitable<result<kube::service_account_token>> request_token(std::string ns, std::string service_account,
                                                               std::string audience, deadline) override {
    const std::string line = token_line(ns, service_account, audience);
    std::optional<error> failure = co_await begin(line);
    if (failure) co_return pinhook::fail(*std::move(failure));
    const std::lock_guard lock(guard_);
    if (const auto found = tokens_.find(line); found != tokens_.end()) co_return found->second;
    if (!accounts_.contains(ns + "/" + service_account)) co_return missing(ns, service_account, "serviceaccounts");
    kube::service_account_token out;
    out.token = secret("token " + std::to_string(++given_) + " of " + ns + "/" + service_account + " for " + audience);
    out.expires_at = std::chrono::system_clock::now() + std::chrono::hours(1);
    co_return out;
  }

 private:
  // Other coroutines run between a request and its answer, as with a real server.
  awaitable<std::optional<error>> begin(std::string line) {
    auto executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
    const hook call = [&] {
      const std::lock_guard lock(guard_);
      calls_.push_back(line);
      return hook_;
    }();
    if (call) call(line);
    const std::lock_guard lock(guard_);
    auto found = failures_.find(line);
    if (found == failures_.end()) found = failures_.find("");
    if (found == failures_.end()) co_return std::nullopt;
    co_return found->second;
  }

  static std::unexpected<error> missing(const std::string& ns, const std::string& name, const std::string& resource) {
    return pinhook::fail(error_code::not_found, resource + " \"" + name + "\" not found in namespace " + ns);
  }

  template <class T>
  result<T> look_up(const std::map<std::string, T>& all, const std::string& ns, const std::string& name,
                    const std::string& resource) const {
    const std::lock_guard lock(guard_);
    const auto found = all.find(ns + "/" + name);
    if (found == all.end()) return missing(ns, name, resource);
    return found->second;
  }

  mutable std::mutex guard_;
  std::map<std::string, kube::namespace_object> namespaces_;
  std::map<std::string, kube::secret_object> secrets_;
  std::map<std::string, kube::service_account> accounts_;
  std::map<std::string, kube::service_account_token> tokens_;
  std::map<std::string, error> failures_;
  std::vector<std::string> calls_;
  hook hook_;
  int given_ = 0;
};

}  // namespace pinhook::testing
