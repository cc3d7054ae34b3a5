// Which callers the webhook answers, by the settings `callers.…`: all, or those whose client certificate an authority
// in callers.client_ca has signed and callers.names names. A refused caller gets 403 and the reason; refusals are
// counted, and one a second is logged.
//
//   caller_gate gate(settings, numbers, time);
//   server::endpoint answers = …; answers.gate = [&](const server::client& c) { return gate.check(c); };
//
// The answer is 403 and not 401: API servers pass the text of a 403 on to the user, and put a text of their own in
// place of a 401's (apimachinery, api/errors/errors.go, NewGenericServerResponse).
//
// Thread rule: any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/glob.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/server/client.hpp>
#include <pinhook/server/metrics.hpp>
#include <pinhook/server/routes.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::webhook {

class caller_gate {
 public:
  /// `numbers` and `time` outlive it.
  caller_gate(const config::settings& s, server::metrics& numbers, const clock& time);
  caller_gate(const caller_gate&) = delete;
  caller_gate& operator=(const caller_gate&) = delete;

  /// True when callers are asked for a client certificate.
  [[nodiscard]] bool verifies() const { return verifies_; }

  /// Nothing: the caller's request is answered. Counts.
  [[nodiscard]] std::optional<server::refusal> check(const server::client& from);

  /// True when its client certificate counts, so that it is an API server by all that is known.
  [[nodiscard]] bool is_known(const server::client& from) const {
    return from.certificate == server::client_certificate::verified && is_named(from);
  }

 private:
  [[nodiscard]] bool is_named(const server::client& from) const;
  void log_refusal(const server::client& from, const std::string& reason);

  const bool verifies_;
  const bool required_;
  const std::vector<glob> names_;
  server::metrics& numbers_;
  const clock& time_;
  std::atomic<std::chrono::nanoseconds::rep> next_log_{0};
};

/// The lines of /readyz?verbose: who is answered, and by what limits where it is not known who calls.
[[nodiscard]] std::string describe_callers(const config::settings& s);
/// `is_not_allowed`: RBAC lets pinhook read no namespaces. Empty: labels are not checked.
[[nodiscard]] std::string describe_labels(const config::settings& s, bool is_not_allowed);

}  // namespace pinhook::webhook
