// Turns events into metrics and log lines: the observers of registry, resolver and verifiers, and one log line for each
// admission.
//
// Thread rule: any thread.
#pragma once

#include <pinhook/admission/verdict.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/kube/label_check.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/proofs/proof_resolver.hpp>
#include <pinhook/registry/observer.hpp>
#include <pinhook/resolve/observer.hpp>
#include <pinhook/server/metrics.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

namespace pinhook::webhook {

class telemetry final : public registry::observer, public resolve::observer, public proofs::proof_observer {
 public:
  /// `numbers` outlives it.
  explicit telemetry(server::metrics& numbers) : numbers_(numbers) {}

  void registry_request(std::string_view host, int status, std::string_view outcome,
                        std::chrono::nanoseconds took) override;
  void token_fetched(std::string_view host, std::string_view outcome) override;
  void rate_limit_remaining(std::string_view host, std::int64_t remaining) override;

  void cache_met(resolve::cache_event event) override;
  void lookup_started(bool is_ahead) override;
  void lookup_joined() override;
  void lookup_ended(bool is_ahead, std::optional<error_code> failure) override;
  void levels(std::size_t cache_entries, std::size_t lookups) override;
  void trouble_changed(std::string_view registry, resolve::part which, int change) override;
  void lookup_gave_way() override;

  /// A namespace was read to see whether it has opted in.
  void namespace_read(kube::label_event event);

  void proved(std::string_view verifier, proofs::proof_outcome outcome) override;

  /// Counts the admission, its slots and findings, and writes its line.
  void admitted(const admission::verdict& v, pin::mode mode, std::chrono::nanoseconds took);

 private:
  server::metrics& numbers_;
  /// RBAC's refusal of namespaces was logged.
  std::atomic<bool> is_warned_{false};
};

/// The level of an admission's line: info when something was changed, refused, could not be resolved, or breaks a rule;
/// warning when the request was not a review; else, also where only pins were kept, debug.
[[nodiscard]] log::level level_of(const admission::verdict& v);

/// "web: nginx:1.25 -> nginx@sha256:… (registry)"; without a new reference "web: nginx:1.25 (reason)".
/// Long names and reasons are shortened, so that it has some 1,300 bytes at most.
[[nodiscard]] std::string describe(const admission::slot_outcome& slot);

/// "deny no-latest: web: nginx:latest".
[[nodiscard]] std::string describe(const admission::rule_outcome& finding);

}  // namespace pinhook::webhook
