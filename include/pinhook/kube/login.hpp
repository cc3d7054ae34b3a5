// The present credentials for a cluster's API server: an Authorization header, a client certificate, or both.
//
//   const auto shown = co_await credentials.show(d);
//   request.authorization = shown->authorization;  request.tls = shown->tls;
//   … 401: if (co_await credentials.renew(*shown, d)) once more with show()
//
// Thread rule: one thread, that of the executor. `show` must have ended before this is destroyed. Files are read
// on another (base/side_thread).
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/fetch_cache.hpp>
#include <pinhook/base/process.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/http/message.hpp>
#include <pinhook/kube/bearer_token.hpp>
#include <pinhook/kube/cluster.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::kube {

struct login_options {
  /// A token file is read again when it was read this long ago, as client-go does. The kubelet renews tokens of an hour
  /// when 80 % have passed.
  std::chrono::seconds token_file_age{60};
  /// The time that a read of the file may take where a token was read before; then that token is shown again.
  std::chrono::seconds token_file_patience{1};
  /// A plugin that runs longer is killed.
  std::chrono::seconds plugin_limit{30};
  /// A plugin's failure is the answer for this long; then the plugin is run again.
  std::chrono::seconds hold_failure{5};
  /// A plugin's answer is renewed this long before it ends (at most a tenth of its time).
  std::chrono::seconds ahead{60};
  /// The longest time for which a plugin's answer is used, whatever its expirationTimestamp is by this machine's
  /// calendar.
  std::chrono::seconds most_plugin_life = std::chrono::hours(24);
};

class login {
 public:
  struct shown {
    std::optional<secret> authorization;
    /// Null for http.
    std::shared_ptr<const http::tls_settings> tls;
    /// Equal if the server cannot tell them apart.
    friend bool operator==(const shown& a, const shown& b);
  };

  /// `processes` and `time` must outlive this and the plugins that it runs.
  login(std::shared_ptr<const cluster> where, process_runner& processes, asio::any_io_executor on, const clock& time,
        login_options options = {});

  /// Errors: unavailable (the token cannot be read; a plugin fails or is missing), malformed (a plugin's answer, or a
  /// token with invalid characters), timed_out, canceled.
  awaitable<result<shown>> show(deadline d);

  /// To be called when the server does not accept `refused`: forgets it. True when the next `show` may give another
  /// credential.
  awaitable<bool> renew(shown refused, deadline d);

 private:
  awaitable<result<shown>> from_file(const token_file& from, deadline d);
  [[nodiscard]] shown with(secret authorization) const { return {std::move(authorization), tls_}; }

  std::shared_ptr<const cluster> where_;
  process_runner& processes_;
  const clock& time_;
  const login_options options_;
  std::shared_ptr<const http::tls_settings> tls_;  // null for http

  secret token_;  // as last read from the file; empty: none
  std::optional<steady_time> read_at_;
  std::shared_ptr<bool> is_reading_ = std::make_shared<bool>(false);
  fetch_cache<shown> plugin_;
};

}  // namespace pinhook::kube
