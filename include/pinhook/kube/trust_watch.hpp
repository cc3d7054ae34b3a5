// For certificates from files or cert-manager: checks whether the API servers trust the served one, for readiness.
// Reads the configuration and writes nothing.
//
//   trust_watch watch(api, machine_clock(), {.configuration = "pinhook"}, [&] { return chain_pem(); }, sink);
//   tasks.spawn(watch.keep());
//
// Thread rule: one thread, that of the api.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/wait_seams.hpp>
#include <pinhook/kube/serving_api.hpp>
#include <pinhook/kube/serving_sink.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace pinhook::kube {

struct trust_watch_options {
  std::string configuration = "pinhook";
  /// The time between two looks, plus or minus a tenth.
  std::chrono::nanoseconds check_interval = std::chrono::seconds(15);
  std::chrono::nanoseconds request_limit = std::chrono::seconds(10);
};

class trust_watch {
 public:
  /// PEM of the certificates for new connections: the leaf first, then the chain.
  using chain = std::function<std::string()>;

  /// Calls `trusted`, `not_trusted`, `unchecked` and `failed` of the sink. The arguments must outlive this object.
  trust_watch(serving_api& api, const clock& time, trust_watch_options options, chain served, serving_sink& to,
              wait_seams seams = {});
  trust_watch(const trust_watch&) = delete;
  trust_watch& operator=(const trust_watch&) = delete;

  /// Runs until it is canceled. Ready when every entry trusts the chain. When that cannot be checked (no permission to
  /// read the configuration, no configuration, or an entry without caBundle, for which the system's roots are used), it
  /// does not prevent readiness: `trusted` is called, and `unchecked` with the reason. An API server that does not
  /// answer changes nothing.
  awaitable<void> keep();

  /// One look; true: the API server answered.
  awaitable<bool> look();

 private:
  void judge(const webhook_registration& found);

  serving_api& api_;
  const clock& time_;
  const trust_watch_options options_;
  chain served_;
  wait_seams seams_;
  sink_once to_;
};

}  // namespace pinhook::kube
