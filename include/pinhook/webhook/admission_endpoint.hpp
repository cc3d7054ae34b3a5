// The webhook's routes: a request's body goes to admission, its verdict to metrics, log and answer.
//
//   admission_endpoint admission(seen, numbers, time, settings);
//   server::server service(control, workers, options, admission.endpoint(tls), numbers, time);
//   admission.open(resolver, tenants, settings, large);      // before the first request
//
// Thread rule: `open` before the server starts; `use` from any thread; the handlers run on those of the server.
#pragma once

#include <pinhook/admission/handler.hpp>
#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/compute_thread.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/pin/plan.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/tenant_credentials.hpp>
#include <pinhook/resolve/resolver.hpp>
#include <pinhook/resolve/tag_moves.hpp>
#include <pinhook/server/endpoint.hpp>
#include <pinhook/server/metrics.hpp>
#include <pinhook/webhook/caller_gate.hpp>
#include <pinhook/webhook/caller_limits.hpp>
#include <pinhook/webhook/telemetry.hpp>

#include <memory>

namespace pinhook::webhook {

class admission_endpoint {
 public:
  /// `seen`, `numbers` and `time` outlive it.
  admission_endpoint(telemetry& seen, server::metrics& numbers, const clock& time, const config::settings& s);
  admission_endpoint(const admission_endpoint&) = delete;
  admission_endpoint& operator=(const admission_endpoint&) = delete;

  /// `s` has the policy and the rules at the start. `meaning_of`: of short names, also after `use`. `large`, the
  /// thread for large reviews, outlives the requests. `signatures` answers what rules ask of verifiers.
  void open(std::shared_ptr<resolve::resolver> resolver, std::shared_ptr<registry::tenant_credentials> tenants,
            const config::settings& s, pin::name_meaning meaning_of, compute_thread& large,
            std::shared_ptr<admission::proof_source> signatures);

  /// Requests that come from now on are answered by the policy and the rules of `s`.
  void use(const config::settings& s);
  void use(std::shared_ptr<const resolve::tag_moves> moves);

  /// POST /v1/pin/enforce, /v1/pin/best-effort and /v1/pin/audit. The handlers refer to this object; `tls`
  /// outlives the server.
  [[nodiscard]] server::endpoint endpoint(server::tls_context& tls);

 private:
  [[nodiscard]] std::shared_ptr<const admission::rulebook> book_of(const config::settings& s) const;
  awaitable<server::response> admit(pin::mode mode, server::request r);

  telemetry& seen_;
  server::metrics& numbers_;
  const clock& time_;
  const config::settings::deadline_settings limits_;
  caller_gate callers_;
  caller_limits lookups_;
  /// Null before `open`.
  std::unique_ptr<admission::handler> handler_;
  compute_thread* large_ = nullptr;
  pin::name_meaning meaning_of_;
};

}  // namespace pinhook::webhook
