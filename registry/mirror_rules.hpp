// The mirrors of registries by name, as a registries.yaml of k3s or RKE2 has them.
//
// Values; any thread.
#pragma once

#include <pinhook/registry/route.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::registry {

struct registry_rules {
  /// Best first.
  std::vector<mirror_setting> mirrors;
  /// Of the registry itself, which comes after them.
  mirror_setting upstream;
};

struct mirror_rules {
  /// By canonical name: "docker.io", "registry.example.com:5000".
  std::map<std::string, registry_rules, std::less<>> by_registry;
  /// Those of all others; no value: none.
  std::optional<registry_rules> others;
  /// The file that has them.
  std::string file;

  /// Null when nothing is said about the registry.
  [[nodiscard]] const registry_rules* find(const std::string& registry) const {
    if (const auto own = by_registry.find(registry); own != by_registry.end()) return &own->second;
    return others ? &*others : nullptr;
  }
};

}  // namespace pinhook::registry
