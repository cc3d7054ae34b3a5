// What adopt did, for people and for programs. Pure; any thread.
#pragma once

#include <pinhook/fleet/adoption.hpp>

#include <string>
#include <vector>

namespace pinhook::fleet {

/// A line for each image, and under it why it is left; a table when there is any. Names are made printable.
[[nodiscard]] std::string adoption_table(const std::vector<workload_adoption>& all, bool is_dry_run);

/// An array with an object for each image: `namespace`, `owner`, `container`, `image`, `result` ("adopted", "pending"
/// with a dry run, "current", "left"), `digest` (or null), `reason` (or null), `rollout` (null without --restart,
/// "ready", "failed", "left", "not-started") and `rollout_reason` (or null).
[[nodiscard]] std::string adoption_json(const std::vector<workload_adoption>& all, bool is_dry_run);

/// "adopted 3 images; 1 is recorded already; 2 are left".
[[nodiscard]] std::string adoption_summary(const std::vector<workload_adoption>& all, bool is_dry_run);

/// "shop Deployment/web: restarted, its Pods are ready"; before there is an outcome that they are waited for.
[[nodiscard]] std::string rollout_line(const workload_adoption& of);

/// "restarted 3 workloads; 1 did not become ready; 2 not started".
[[nodiscard]] std::string rollout_summary(const std::vector<workload_adoption>& all);

}  // namespace pinhook::fleet
