// The step of `pinhook report --write-reports`: findings as objects in the cluster.
//
// Blocks; one thread.
#pragma once

#include <pinhook/access/read_fleet.hpp>
#include <pinhook/cli/arguments.hpp>
#include <pinhook/cli/cluster_session.hpp>
#include <pinhook/fleet/report.hpp>

#include <vector>

namespace pinhook::cli {

/// Writes and removes reports, and says on standard error what was done. True: all of it was.
[[nodiscard]] bool write_reports(cluster_session& session, const fleet::report& r, const cluster_arguments& options,
                                 const std::vector<access::fleet_trouble>& troubles);

}  // namespace pinhook::cli
