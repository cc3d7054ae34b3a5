// Any bytes as an object that a cluster has, its manifest in a registry, its rollout, and the selector that is asked
// for.
#include "fuzz/json_mutator.hpp"
#include "fuzz/require.hpp"

#include <pinhook/fleet/label_selector.hpp>
#include <pinhook/fleet/manifest.hpp>
#include <pinhook/fleet/object.hpp>
#include <pinhook/fleet/rollout.hpp>
#include <pinhook/pin/pod_paths.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhook;
  using fuzz::require;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const pin::pod_paths paths;
  const fleet::listed_kind deployments{"apps", "Deployment", paths.of("apps", "Deployment")};
  const fleet::listed_kind pods{"", "Pod", paths.of("", "Pod")};
  if (const auto read = fleet::read_object(text, deployments, {.has_labels = true}))
    for (const auto& one : read->images) require(one.image.size() <= size);
  if (const auto read = fleet::read_pod(text, pods, {.has_labels = true})) require(read->running.size() <= size);
  if (const auto read = fleet::read_namespace(text)) require(!read->name.empty());
  if (const auto read = fleet::read_manifest(text)) {
    require(read->digest == registry::digest::of(text) && read->children.size() <= fleet::max_index_children);
    for (const auto& one : read->children) require(read->holds(one.digest));
  }
  (void)fleet::read_rollout({"shop", "apps", "Deployment", "web"}, text);
  if (const auto wanted = fleet::label_selector::parse(text)) (void)wanted->matches({{"app", "web"}, {"a", ""}});
  return 0;
}
