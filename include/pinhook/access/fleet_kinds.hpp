// The kinds of a cluster whose objects have images: those of Kubernetes, and custom ones that the cluster has.
//
// Thread rule: that of the connection.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/pin/policy.hpp>

#include <string>
#include <vector>

namespace pinhook::access {

struct fleet_kind {
  /// "" is core.
  std::string group;
  std::string version, kind;
  /// The plural: "rollouts".
  std::string resource;

  /// "pods", "rollouts.argoproj.io".
  [[nodiscard]] std::string resource_name() const { return group.empty() ? resource : resource + "." + group; }
  [[nodiscard]] bool is_pod() const { return group.empty() && kind == "Pod"; }
};

/// Those of Kubernetes itself. Pure.
[[nodiscard]] std::vector<fleet_kind> built_in_fleet_kinds();

struct found_fleet_kinds {
  std::vector<fleet_kind> kinds;
  /// A part of the discovery that failed: "/apis", "/apis/argoproj.io/v1alpha1".
  struct trouble {
    std::string place;
    error reason;
  };
  std::vector<trouble> troubles;
};

/// The custom kinds of the kind table, and of `more`, that the cluster has. One request for all groups, and one for
/// each group that is wanted.
awaitable<found_fleet_kinds> find_custom_fleet_kinds(kube::api_connection& to, std::vector<pin::custom_kind> more,
                                                     deadline d);

}  // namespace pinhook::access
