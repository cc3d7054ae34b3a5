// What the console of `pinhook demo --console` would have seen of its made-up cluster in the 30 days before.
//
//   for (const auto& one : demo_history(cluster, "127.0.0.1:41234", now)) (void)history->add(one);
//
// Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/demo/made_up_cluster.hpp>
#include <pinhook/store/observation.hpp>

#include <string_view>
#include <vector>

namespace pinhook::cli {

/// The oldest first; the last is what the cluster has now, but for the tag that moves. `registry`: that of its images.
[[nodiscard]] std::vector<store::observation> demo_history(const demo::made_up_cluster& cluster,
                                                           std::string_view registry, wall_time now);

}  // namespace pinhook::cli
