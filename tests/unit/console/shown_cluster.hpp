// A small cluster as the console shows it, for tests: made by the engine from the texts of its objects.
#pragma once

#include "support/fleet_objects.hpp"

#include <pinhook/console/row_engine.hpp>
#include <pinhook/fleet/row_findings.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::console {

using pinhook::testing::digest_text;
using pinhook::testing::metadata_text;

inline wall_time day(int n) { return wall_time(std::chrono::days(20'000 + n) + std::chrono::hours(12)); }

inline namespace_content content(const std::string& ns, const std::string& mode,
                                 const std::vector<std::string>& deployments, const std::vector<std::string>& pods) {
  static const pin::pod_paths paths{std::vector<pin::custom_kind>()};
  namespace_content out{.name = ns, .object = fleet::namespace_object{ns, std::nullopt}, .objects = {}, .pods = {}};
  if (!mode.empty()) out.object->pin_label = mode;
  for (const auto& one : deployments)
    out.objects.push_back(
        *fleet::read_object(one, {"apps", "Deployment", paths.of("apps", "Deployment")}, {.has_labels = true}));
  for (const auto& one : pods) out.pods.push_back(*fleet::read_pod(one, {"", "Pod", paths.of("", "Pod")}, {}));
  return out;
}

inline std::string deployment(const std::string& ns, const std::string& name, const std::string& image) {
  return pinhook::testing::workload_text(metadata_text(ns, name), {{"web", image}});
}

inline std::string pod(const std::string& ns, const std::string& name, const std::string& of, const std::string& image,
                       char digest) {
  return pinhook::testing::pod_text(metadata_text(ns, name, {"apps/v1", "Deployment", of}),
                                    {{"web", image, "x@" + digest_text(digest)}});
}

/// shop: a tag with two digests, and a pin; lab: no tag.
inline engine_round small_cluster(int on_day = 0) {
  engine_round out;
  out.namespaces.push_back(content(
      "shop", "enforce",
      {deployment("shop", "web", "nginx:1.25"), deployment("shop", "api", "ghcr.io/acme/api@" + digest_text('c'))},
      {pod("shop", "web-1", "web", "nginx:1.25", 'a'), pod("shop", "web-2", "web", "nginx:1.25", 'b')}));
  out.namespaces.push_back(content("lab", "", {deployment("lab", "try", "busybox")}, {}));
  out.now = day(on_day);
  return out;
}

inline engine_options engine_options_of(bool asks_registries = true) {
  return {.checks = pipeline::checks_with({}),
          .server = "https://k8s.example",
          .asks_registries = asks_registries,
          .past_age = std::chrono::seconds(0)};
}

inline std::unique_ptr<store::history> memory() { return std::move(*store::history::open(":memory:", {})); }

/// The view after a round.
inline void take(fleet_view& to, round_result made) {
  for (auto& [name, part] : made.namespaces)
    if (part == nullptr)
      to.namespaces.erase(name);
    else
      to.namespaces.insert_or_assign(name, std::move(part));
  to.days = std::move(made.days);
}

inline fleet_view small_view() {
  row_engine engine(engine_options_of(false), memory());
  fleet_view out;
  take(out, engine.run(small_cluster()));
  out.rules = fleet::rules_of_report(engine.options().checks);
  out.exceptions = engine.exceptions().all();
  return out;
}

}  // namespace pinhook::console
