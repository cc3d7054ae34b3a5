// Rolls adopted workloads out one by one, as `kubectl rollout restart` and `kubectl rollout status` do
// (fleet/rollout.hpp).
//
//   auto done = co_await restart_workloads(connection, {.plan = adopted, .timeout = 10min}, {});
//
// A workload is rolled out when all its images by tag have their digest recorded. The API server is asked first what
// the restart would store (a dry run, which the webhook sees, too): a workload whose images would not be the recorded
// digests is left, since it would get whatever its tags say now. The first that does not become ready ends the run.
// RBAC: `get` and `patch` on the workloads.
//
// Thread rule: one thread, that of the connection.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/wait_seams.hpp>
#include <pinhook/fleet/adoption.hpp>
#include <pinhook/kube/api_connection.hpp>

#include <chrono>
#include <functional>
#include <vector>

namespace pinhook::access {

struct restart_request {
  /// The outcome of adopt_pins.
  std::vector<fleet::workload_adoption> plan;
  /// For each workload, from its restart until its Pods are ready. The default is a Deployment's own progress deadline.
  std::chrono::nanoseconds timeout = std::chrono::minutes(10);
  /// Called with a workload once it is restarted (its outcome is not there yet), and again with its outcome.
  std::function<void(const fleet::workload_adoption&)> on_progress = {};
};

struct restart_seams {
  const clock* time = &machine_clock();
  wait_seams waits{};
};

/// The plan with the outcome of each workload that has something recorded. A refusal of one workload leaves it; an API
/// server that cannot be used leaves it, too, and no other is started. While a workload is waited for, the API server
/// may be away.
awaitable<std::vector<fleet::workload_adoption>> restart_workloads(kube::api_connection& to, restart_request request,
                                                                   restart_seams seams);

}  // namespace pinhook::access
