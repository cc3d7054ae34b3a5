// Which ways lead to a registry, as the operator said: in our own configuration, or in the directories from which
// containerd reads the same on a node.
//
//   route_table table({.directories = {"/etc/containerd/certs.d"}}, time);
//   auto found = table.routes_for(ref);          // reads a file now and then
//   for (const auto& r : (*found)->in_order) …   // r->host, r->can_resolve
//
// One thread: the one that the client and the resolver's look-ups live on. A program that asks once may make its own.
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
  /// registry itself comes after them. "_default": of all others. What stands here goes before any directory; an empty
  /// list says: no mirror.
  std::map<std::string, std::vector<mirror_setting>, std::less<>> mirrors;
  /// Directories laid out as containerd's config_path, such as "/etc/containerd/certs.d". The first one that has
  /// something for a registry counts.
  std::vector<std::string> directories;
  /// How long what was read answers without a look whether it has changed.
  std::chrono::nanoseconds recheck = std::chrono::seconds(5);
};

class route_table {
 public:
  /// Registries remembered; their names come from whoever may create Pods.
  static constexpr std::size_t most_registries = 1000;

  /// `time` must outlive the table.
  route_table(route_options options, const clock& time)
      : options_(std::move(options)), time_(time), held_(most_registries) {}

  /// Never null and never empty. As containerd does: a hosts.toml that makes no sense is reported (routes::trouble, and
  /// the log), and the registry itself is asked with the certificates that lie beside it. unavailable: the directory or
  /// the file cannot be read; nobody may be asked then. invalid_input: a mirror of our configuration that is none.
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
