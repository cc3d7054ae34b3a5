#include <pinhook/access/reference_credentials.hpp>

#include <pinhook/base/clock.hpp>
#include <pinhook/kube/api_client.hpp>
#include <pinhook/kube/pull_secrets.hpp>
#include <pinhook/registry/ordered_credentials.hpp>
#include <pinhook/server/task_group.hpp>

#include <fmt/core.h>

#include <set>
#include <utility>

namespace pinhook::access {
namespace {

// Tenants whose secrets are read at the same time.
constexpr std::size_t tenants_at_once = 8;

// One reading; it lives in the frame of read_pull_secrets.
class secret_reading {
 public:
  secret_reading(kube::pull_secrets& from, std::set<registry::tenant> tenants, deadline d)
      : from_(from), left_(std::move(tenants)), limit_(d) {}

  awaitable<void> run(asio::io_context::executor_type on) {
    server::task_group workers(on);
    for (std::size_t i = 0; i < tenants_at_once; ++i) workers.spawn(work());
    co_await workers.wait();
  }

  std::map<registry::tenant, reference_credentials::source> sources;
  std::set<std::string> troubles;

 private:
  awaitable<void> work() {
    while (!left_.empty()) {
      const registry::tenant one = std::move(left_.extract(left_.begin()).value());
      registry::tenant asked = one;
      auto secrets = co_await from_.credentials_of(std::move(asked), limit_);
      for (const error& e : secrets->troubles()) troubles.insert(fmt::format("namespace {}: {}", one.ns, e.message));
      sources.emplace(one, std::move(secrets));
    }
  }

  kube::pull_secrets& from_;
  std::set<registry::tenant> left_;
  const deadline limit_;
};

}  // namespace

void reference_credentials::add(std::string canonical, source of) {
  auto& all = sources_[canonical];
  all.push_back(std::move(of));
  auto with_own = all;
  with_own.push_back(own_);
  combined_.insert_or_assign(std::move(canonical),
                             std::make_shared<registry::ordered_credentials>(std::move(with_own)));
}

const reference_credentials::source& reference_credentials::of(const registry::reference& ref) const {
  const auto found = combined_.find(ref.canonical());
  return found == combined_.end() ? own_ : found->second;
}

std::string reference_credentials::identity_for(const registry::reference& ref) const {
  return of(ref)->identity_for(ref);
}

awaitable<result<std::vector<registry::credential>>> reference_credentials::credentials_for(registry::reference ref,
                                                                                            deadline d) {
  const source by = of(ref);
  auto out = co_await by->credentials_for(std::move(ref), d);
  co_return out;
}

bool reference_credentials::forget(const registry::reference& ref) { return of(ref)->forget(ref); }

std::vector<registry::credential_match> reference_credentials::matches(const registry::reference& ref) const {
  return of(ref)->matches(ref);
}

awaitable<read_credentials> read_pull_secrets(secret_question question, deadline d) {
  kube::pull_secrets_options options;
  options.namespaces = std::move(question.namespaces);
  kube::pull_secrets from(
      std::make_shared<kube::api_client>(std::move(question.to)), question.on, machine_clock(),
      [](const registry::tenant&) { return kube::pull_secrets::sources(); }, std::move(options));
  std::set<registry::tenant> tenants;
  for (const auto& [canonical, some] : question.asking) tenants.insert(some.begin(), some.end());
  secret_reading all(from, std::move(tenants), d);
  co_await all.run(question.on);
  read_credentials out{std::make_shared<reference_credentials>(std::move(question.own)), {}};
  for (const auto& [canonical, some] : question.asking)
    for (const registry::tenant& one : some) out.credentials->add(canonical, all.sources.at(one));
  out.troubles.assign(all.troubles.begin(), all.troubles.end());
  co_return out;
}

}  // namespace pinhook::access
