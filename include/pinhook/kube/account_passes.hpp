// What a credential plugin is told of a Pod's service account: a token for the plugin's audience, and annotations.
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

/// What one plugin is told of one service account.
struct account_pass {
  secret token;
  std::map<std::string, std::string, std::less<>> annotations;
  /// Stands for all that an answer depends on: namespace, name, uid and annotations, and where the plugin says so the
  /// token. Empty: no service account.
  std::string key;
};

class account_passes {
 public:
  /// `kubernetes` null: there is none, and whoever needs a token fails. What is given must outlive the fetches.
  /// `hold_accounts`: how long a ServiceAccount is used again.
  account_passes(api* kubernetes, asio::any_io_executor on, const clock& time, std::chrono::nanoseconds hold_accounts);

  /// No value: the service account lacks an annotation that the plugin requires, and so the plugin does not run. Tokens
  /// are held and renewed after four fifths of their life. Errors: unavailable, timed_out, canceled, malformed; the
  /// message names the service account.
  awaitable<result<std::optional<account_pass>>> pass_for(token_attributes wanted, account_name who, deadline d);

  /// As `pass_for` when everything is held.
  [[nodiscard]] std::optional<account_pass> held(const token_attributes& wanted, const account_name& who) const;

  void cancel();

 private:
  using accounts = fetch_cache<service_account>;
  using tokens = fetch_cache<service_account_token>;

  static awaitable<result<accounts::fetched>> read_account(api* kubernetes, account_name who, const clock* time,
                                                           std::chrono::nanoseconds hold, deadline d);
  static awaitable<result<tokens::fetched>> get_token(api* kubernetes, account_name who, std::string audience,
                                                      const clock* time, deadline d);

  api* kubernetes_;
  const clock& time_;
  std::chrono::nanoseconds hold_accounts_;
  accounts accounts_;
  tokens tokens_;
};

}  // namespace pinhook::kube
