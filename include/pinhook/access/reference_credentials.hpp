// Credentials that differ by reference: for each image those of the Pods that use it, so that a report asks registries
// as the webhook does.
//
//   auto read = co_await read_pull_secrets({connection, executor, fleet::asking_tenants(state)}, d);
//   digests->use_credentials(read.credentials);
//
// Thread rule: one thread, that of the connection; `add` before the first look-up.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/tenant.hpp>

#include <boost/asio/io_context.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::access {

class reference_credentials final : public registry::credential_source {
 public:
  using source = std::shared_ptr<registry::credential_source>;

  /// `own` comes last for every reference, and is the only one for those without others.
  explicit reference_credentials(source own) : own_(std::move(own)) {}

  /// Sources of one reference are asked in the order in which they are added.
  void add(std::string canonical, source of);

  [[nodiscard]] std::string identity_for(const registry::reference& ref) const override;
  awaitable<result<std::vector<registry::credential>>> credentials_for(registry::reference ref, deadline d) override;
  bool forget(const registry::reference& ref) override;
  [[nodiscard]] std::vector<registry::credential_match> matches(const registry::reference& ref) const override;

 private:
  [[nodiscard]] const source& of(const registry::reference& ref) const;

  source own_;
  // By canonical reference; `own_` is the last of each.
  std::map<std::string, source, std::less<>> combined_;
  std::map<std::string, std::vector<source>, std::less<>> sources_;
};

struct secret_question {
  std::shared_ptr<kube::api_connection> to;
  /// That of the connection.
  asio::io_context::executor_type on;
  /// By canonical reference: the Pods that pull it (fleet::asking_tenants).
  std::map<std::string, std::vector<registry::tenant>, std::less<>> asking = {};
  /// Namespaces whose secrets are read; empty: all.
  std::vector<std::string> namespaces = {};
  /// Behind the secrets.
  std::shared_ptr<registry::credential_source> own = {};
};

struct read_credentials {
  std::shared_ptr<reference_credentials> credentials;
  /// Secrets that could not be read, a line each.
  std::vector<std::string> troubles;
};

/// Reads the pull secrets of all tenants, several at a time. RBAC: `get` on secrets and serviceaccounts. Look-ups with
/// the result make no request to the API server. An image that several tenants pull is asked for with the secrets of
/// each until one is accepted.
awaitable<read_credentials> read_pull_secrets(secret_question question, deadline d);

}  // namespace pinhook::access
