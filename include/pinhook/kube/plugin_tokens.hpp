// The input of credential plugins about a Pod's service account: a token for the plugin's audience, and annotations.
//
// Thread rule: one thread, that of the executor.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/fetch_cache.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/kube/api.hpp>
#include <pinhook/kube/plugin_config.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace pinhook::kube {

struct account_name {
  std::string ns;
  std::string name;
};

/// The input of one plugin about one service account.
struct plugin_token {
  secret token;
  std::map<std::string, std::string, std::less<>> annotations;
  /// Identifies all input that an answer depends on: namespace, name, uid and annotations, and the token where the
  /// plugin's configuration says so. Empty: no service account.
  std::string key;
};

class plugin_tokens {
 public:
  /// `kubernetes` null: there is no API, and requests for tokens fail. The arguments must outlive the fetches.
  /// `hold_accounts`: the time for which a ServiceAccount is used again.
  plugin_tokens(api* kubernetes, asio::any_io_executor on, const clock& time, std::chrono::nanoseconds hold_accounts);

  /// No value: the service account lacks an annotation that the plugin requires, so the plugin does not run. Tokens
  /// are held and renewed after four fifths of their life. Errors: unavailable, timed_out, canceled, malformed; the
  /// message names the service account.
  awaitable<result<std::optional<plugin_token>>> token_for(token_attributes attributes, account_name name, deadline d);

  /// As `token_for` when all of it is held; else nothing.
  [[nodiscard]] std::optional<plugin_token> held(const token_attributes& attributes, const account_name& name) const;

  void cancel();

 private:
  using accounts = fetch_cache<service_account>;
  using tokens = fetch_cache<service_account_token>;

  static awaitable<result<accounts::fetched>> read_account(api* kubernetes, account_name name, const clock* time,
                                                           std::chrono::nanoseconds hold, deadline d);
  static awaitable<result<tokens::fetched>> get_token(api* kubernetes, account_name name, std::string audience,
                                                      const clock* time, deadline d);

  api* kubernetes_;
  const clock& time_;
  std::chrono::nanoseconds hold_accounts_;
  accounts accounts_;
  tokens tokens_;
};

}  // namespace pinhook::kube
