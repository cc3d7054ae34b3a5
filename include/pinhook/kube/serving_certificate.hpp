// The serving certificate that replicas keep themselves: one Secret, one MutatingWebhookConfiguration, any number of
// replicas, no leader.
//
//   serving_certificate certificate(api, machine_clock(), options, sink);
//   tasks.spawn(certificate.keep());      // until it is canceled
//
// Every look reads the configuration and then the Secret, decides (kube/serving_decision), writes with the versions
// that were read, and reads again when anything was written. A replica that loses a write reads again and finds it
// done.
//
// Thread rule: one thread, that of the api. The sink is called on it.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/wait_seams.hpp>
#include <pinhook/kube/serving_api.hpp>
#include <pinhook/kube/serving_decision.hpp>
#include <pinhook/kube/serving_options.hpp>
#include <pinhook/kube/serving_sink.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace pinhook::kube {

class serving_certificate {
 public:
  /// The arguments must outlive this object.
  serving_certificate(serving_api& api, const clock& time, serving_options options, serving_sink& to,
                      wait_seams seams = {});
  serving_certificate(const serving_certificate&) = delete;
  serving_certificate& operator=(const serving_certificate&) = delete;

  /// Looks again and again; ends only by being canceled (with the exception operation_aborted, as every wait). An API
  /// server that does not answer changes nothing: the certificate stays in use, and trust stays until it expires.
  awaitable<void> keep();

  /// One look with its writes, which `keep` repeats. True: both objects exist and nothing failed.
  awaitable<bool> look();

 private:
  /// The objects that were read, with the versions that writes need.
  struct found {
    webhook_registration registration;
    stored_secret secret;
    serving_facts facts;
  };
  /// The outcome of one round of reading, deciding and writing.
  struct pass {
    /// Something was changed, by us or by another writer: it must be read again.
    bool is_stale = false;
    /// Both objects exist.
    bool is_complete = false;
    /// The configuration does not exist.
    bool is_unregistered = false;
    /// Nothing: reading failed, or the decided certificate could not be served.
    std::optional<serving_decision> decision;
    std::optional<error> failure;
  };
  awaitable<pass> look_once();
  awaitable<result<found>> read();
  awaitable<result<bool>> write_bundles(bundle_plan plan, std::string version);
  awaitable<result<bool>> write_state(state_plan plan, std::optional<stored_secret> over);
  result<void> show(const serving_decision& d);
  void report(const pass& last);
  [[nodiscard]] deadline limit() const { return deadline::after(time_.now(), options_.request_limit); }
  [[nodiscard]] std::string secret_name() const;
  [[nodiscard]] std::string configuration_name() const;

  serving_api& api_;
  const clock& time_;
  const serving_options options_;
  wait_seams seams_;
  sink_once to_;
  replica_memory memory_;
};

}  // namespace pinhook::kube
