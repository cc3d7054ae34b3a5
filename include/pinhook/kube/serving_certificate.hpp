// The serving certificate that replicas keep themselves: one Secret, one MutatingWebhookConfiguration, any number of
// replicas, no leader.
//
//   serving_certificate certificate(api, machine_clock(), options, sink);
//   tasks.spawn(certificate.keep());      // until it is canceled
//
// Every look reads the configuration and then the Secret, decides (kube/serving_decision), writes what is to be
// written with the versions that were read, and reads again when anything was written. Whoever loses a write reads
// anew and finds it done.
//
// Thread rule: one thread, that of the api. The sink is called on it.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
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
  /// What is given must outlive this.
  serving_certificate(serving_api& api, const clock& time, serving_options options, serving_sink& to,
                      serving_seams seams = {});
  serving_certificate(const serving_certificate&) = delete;
  serving_certificate& operator=(const serving_certificate&) = delete;

  /// Looks again and again; ends only by being canceled (with the exception operation_aborted, as every wait). An API
  /// server that does not answer changes nothing: what is served is served, and who was trusted stays so until the
  /// certificate expires.
  awaitable<void> keep();

  /// One look, with all that follows from it: what `keep` repeats. True: everything was there and nothing failed.
  awaitable<bool> look();

 private:
  /// What was read, with the versions that writes need.
  struct found {
    webhook_registration registration;
    stored_secret secret;
    serving_facts facts;
  };
  /// What came of reading, deciding and writing once.
  struct pass {
    /// Something changed, by us or by somebody else in between: to be read anew.
    bool is_stale = false;
    /// Both objects were there.
    bool is_complete = false;
    /// The configuration was not.
    bool is_unregistered = false;
    /// Nothing: it was not read, or what was decided could not be shown.
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
  [[nodiscard]] std::string secret_words() const;
  [[nodiscard]] std::string configuration_words() const;

  serving_api& api_;
  const clock& time_;
  const serving_options options_;
  serving_seams seams_;
  sink_once to_;
  replica_memory memory_;
};

}  // namespace pinhook::kube
