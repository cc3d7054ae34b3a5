// The state that the admin port shows: health for the probes, and the metrics. Reads of files that hang are part of
// both.
//
//   admin_status status(time);
//   server::server admin(control, {&control}, options, status.endpoint(), status.numbers(), time);
//   tasks.spawn(lock->keep(status.on_stall("lock")));
//
// Thread rule: any thread; `endpoint` and `on_stall` refer to it, so it outlives their results.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/server/endpoint.hpp>
#include <pinhook/server/health.hpp>
#include <pinhook/server/metrics.hpp>

#include <functional>
#include <string>

namespace pinhook::webhook {

class admin_status {
 public:
  /// `time` outlives it.
  explicit admin_status(const clock& time) : time_(time) {}
  admin_status(const admin_status&) = delete;
  admin_status& operator=(const admin_status&) = delete;

  [[nodiscard]] server::health& state() { return state_; }
  [[nodiscard]] server::metrics& numbers() { return numbers_; }

  /// GET /livez, /readyz and /metrics.
  [[nodiscard]] server::endpoint endpoint();

  /// For a file_watch: records and logs that reading those files ("lock") hangs, and that it has returned after all.
  /// The contents that were read before stay in use meanwhile.
  [[nodiscard]] std::function<void(bool)> on_stall(std::string files);

 private:
  const clock& time_;
  server::metrics numbers_;
  server::health state_;
};

}  // namespace pinhook::webhook
