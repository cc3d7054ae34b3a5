// Rollouts of workloads as `kubectl rollout` has them: the patch that starts one, what stands in its way, and how far
// it is.
//
//   restart_patch(now)                       → PATCH of the workload, application/strategic-merge-patch+json
//   rollout_obstacle(workload, text)         of the answer of its dry run; then the write
//   read_rollout(workload.id, text)          of the object, again and again, until it is no longer waiting
//
// Deployments, StatefulSets and DaemonSets have rollouts, as in kubectl. Sources of the facts: kubectl's
// polymorphichelpers (objectrestarter.go, rollout_status.go). Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/fleet/adoption.hpp>
#include <pinhook/fleet/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::fleet {

/// The field manager of `kubectl rollout`: a later `kubectl rollout restart` writes the same field.
inline constexpr std::string_view rollout_manager = "kubectl-rollout";

[[nodiscard]] bool has_rollouts(const object_id& id);

/// Sets the annotation kubectl.kubernetes.io/restartedAt of the pod template.
[[nodiscard]] std::string restart_patch(wall_time now);

/// Why the workload must not be rolled out, from the object as the API server would store it after the restart (a dry
/// run, which passes the webhook, too): it is paused, its Pods are replaced only when somebody deletes them, or an
/// image would not be the recorded digest. Nothing: there is no such reason. The text begins behind the object's name.
[[nodiscard]] std::optional<std::string> rollout_obstacle(const workload_adoption& of, std::string_view text);

/// The first image of the object that is not the digest of the adoption; nothing: all are.
[[nodiscard]] std::optional<std::string> unpinned_image(const workload_adoption& of, std::string_view text);

enum class rollout_stage : std::uint8_t { waiting, done, failed };

struct rollout_progress {
  rollout_stage stage = rollout_stage::waiting;
  /// waiting, failed: "1 of 3 updated Pods is available".
  std::string detail;
};

/// How far the rollout of the last change is. malformed: it is no such object.
[[nodiscard]] result<rollout_progress> read_rollout(const object_id& id, std::string_view text);

}  // namespace pinhook::fleet
