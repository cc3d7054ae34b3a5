#include <pinhook/access/fleet_kinds.hpp>

#include <pinhook/base/glob.hpp>
#include <pinhook/kube/object_list.hpp>
#include <pinhook/pin/kind_table.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace pinhook::access {
namespace {

bool is_wanted_group(std::string_view group, const std::vector<pin::custom_kind>& more) {
  const auto known = pin::known_kinds();
  return std::ranges::any_of(known,
                             [&](const pin::known_kind& one) { return !one.is_built_in() && one.group == group; }) ||
         std::ranges::any_of(more, [&](const pin::custom_kind& one) { return glob(one.group).matches(group); });
}

bool is_wanted_kind(std::string_view group, std::string_view kind, const std::vector<pin::custom_kind>& more) {
  const auto known = pin::known_kinds();
  return std::ranges::any_of(known,
                             [&](const pin::known_kind& one) {
                               return !one.is_built_in() && one.is_sent() && one.group == group && one.kind == kind;
                             }) ||
         std::ranges::any_of(more, [&](const pin::custom_kind& one) {
           return glob(one.group).matches(group) && glob(one.kind).matches(kind);
         });
}
}  // namespace

std::vector<fleet_kind> built_in_fleet_kinds() {
  std::vector<fleet_kind> out;
  for (const pin::known_kind& one : pin::known_kinds())
    if (one.is_built_in() && one.is_sent())
      out.push_back({std::string(one.group), "v1", std::string(one.kind), std::string(one.resource)});
  return out;
}

awaitable<found_fleet_kinds> find_custom_fleet_kinds(kube::api_connection& to, std::vector<pin::custom_kind> more,
                                                     deadline d) {
  found_fleet_kinds out;
  auto groups = co_await kube::find_groups(to, d);
  if (!groups) {
    out.troubles.push_back({"/apis", std::move(groups.error())});
    co_return out;
  }
  for (const auto& [group, version] : *groups) {
    if (!is_wanted_group(group, more)) continue;
    std::string of_group = group;
    std::string of_version = version;
    auto resources = co_await kube::find_resources(to, std::move(of_group), std::move(of_version), d);
    if (!resources) {
      out.troubles.push_back({fmt::format("/apis/{}/{}", group, version), std::move(resources.error())});
      continue;
    }
    for (const auto& one : *resources)
      if (one.is_namespaced && is_wanted_kind(group, one.kind, more))
        out.kinds.push_back({group, version, one.kind, one.name});
  }
  co_return out;
}

}  // namespace pinhook::access
