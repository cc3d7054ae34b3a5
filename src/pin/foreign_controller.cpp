#include <pinhook/pin/foreign_controller.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace pinhook::pin {
namespace {

struct group_kind {
  std::string_view group, kind;
};

// Rule 3.7 (README.md): the kinds that may control a Pod without comparing the Pod's images afterwards. Not among them:
// Node, which controls the mirror Pods of static Pods; their images are not taken from the API.
constexpr std::array<group_kind, 7> built_in_workloads{{{"apps", "ReplicaSet"},
                                                        {"apps", "StatefulSet"},
                                                        {"apps", "DaemonSet"},
                                                        {"apps", "Deployment"},
                                                        {"batch", "Job"},
                                                        {"batch", "CronJob"},
                                                        {"", "ReplicationController"}}};

}  // namespace

bool has_foreign_controller(std::string_view group, std::string_view kind, const object& now) {
  const auto& controller = now.metadata.controller;
  return group.empty() && kind == "Pod" && controller &&
         std::ranges::none_of(built_in_workloads, [&](const group_kind& w) {
           return w.group == controller->group && w.kind == controller->kind;
         });
}

std::string foreign_warning(std::string_view kind, const object& now, std::size_t left) {
  const owner& controller = *now.metadata.controller;
  const std::string which =
      left == now.found.slots.size()
          ? fmt::format("this {} is not pinned: its controller", kind)
          : fmt::format("{} of {} images not pinned: the {}'s controller", left, now.found.slots.size(), kind);
  return fmt::format("{} may compare its images ({} {})", which, controller.kind, controller.name);
}

}  // namespace pinhook::pin
