// The routes to each registry that the operator configured, in pinhook's configuration or in the directories from which
// containerd reads them on a node.
//
//   route_table table({.directories = {"/etc/containerd/certs.d"}}, time);
//   auto found = table.routes_for(ref);          // sometimes reads a file
//   for (const auto& r : (*found)->in_order) …   // r->host, r->can_resolve
//
// One thread: that of the client and the resolver's look-ups. A program that asks once may make its own table.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/registry/route.hpp>
#include <pinhook/registry/token_cache.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::registry {

struct route_options {
  /// The mirrors of a registry, by its canonical name ("docker.io", "registry.example.com:5000"), best first; the
  /// registry itself comes after them. "_default": the mirrors of all others. These precede any directory; an empty
  /// list means no mirror.
  std::map<std::string, std::vector<mirror_setting>, std::less<>> mirrors;
  /// Directories in the layout of containerd's config_path, such as "/etc/containerd/certs.d". The first one with an
  /// entry for a registry counts.
  std::vector<std::string> directories;
  /// The time for which routes are used without a check whether the files have changed.
  std::chrono::nanoseconds recheck = std::chrono::seconds(5);
};

class route_table {
 public:
  /// Registries that are kept; their names come from any user who may create Pods.
  static constexpr std::size_t most_registries = 1000;

  /// `time` must outlive the table.
  route_table(route_options options, const clock& time)
      : options_(std::move(options)), time_(time), held_(most_registries) {}

  /// Never null and never empty. As in containerd, an invalid hosts.toml is reported (routes::trouble, and the log),
  /// and the registry itself is asked with the certificates in the same directory. unavailable: the directory or the
  /// file cannot be read, and then no host may be asked. invalid_input: an invalid mirror in pinhook's configuration.
  [[nodiscard]] result<std::shared_ptr<const routes>> routes_for(const reference& ref);

 private:
  struct entry {
    std::string fingerprint;
    result<std::shared_ptr<const routes>> found;
    steady_time until;
  };
  [[nodiscard]] const std::vector<mirror_setting>* configured(const std::string& registry) const;

  route_options options_;
  const clock& time_;
  lru_map<std::string, entry> held_;
};

}  // namespace pinhook::registry
