// Writes pins of what runs (fleet/adoption.hpp) into the annotation pinhook.dev/pins of workloads, by a server-side
// apply of that one annotation with the field manager "pinhook".
//
//   auto done = co_await adopt_pins(connection, {.plan = plan}, d);
//
// Each object is read before it is written, and the write names its uid: an object that was deleted or made again
// meanwhile is left. An annotation that another field manager owns is left, too, unless `takes_over`. RBAC: `get` and
// `patch` on the workloads; the discovery of groups for custom kinds.
//
// Thread rule: one thread, that of the connection.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/fleet/adoption.hpp>
#include <pinhook/kube/api_connection.hpp>

#include <vector>

namespace pinhook::access {

struct adopt_request {
  /// Its pending images are recorded; the digests must be known to be in their registries.
  std::vector<fleet::workload_adoption> plan;
  /// The API server checks each write and keeps none.
  bool is_dry_run = false;
  /// Write also where another field manager owns the annotation (force).
  bool takes_over = false;
};

/// The plan with the outcome of each image. An error where nothing more can be written: the API server cannot be
/// reached or does not accept the credentials; what was written before stays. Missing rights to one object leave it.
awaitable<result<std::vector<fleet::workload_adoption>>> adopt_pins(kube::api_connection& to, adopt_request request,
                                                                    deadline d);

}  // namespace pinhook::access
