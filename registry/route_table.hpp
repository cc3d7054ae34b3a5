// The routes to each registry that the operator configured, in pinhook's configuration or in the directories from which
// containerd reads them on a node.
//
//   route_table table({.directories = {"/etc/containerd/certs.d"}}, time);
//   auto found = co_await table.routes_for(ref, d);   // reads files on a thread of their own, now and then
//   for (const auto& r : (*found)->in_order) …   // r->host, r->can_resolve
//
// One thread: that of the client and the resolver's look-ups. A program that asks once may make its own table.
// Directories are read on another (base/side_thread).
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/fetch_cache.hpp>
#include <pinhook/registry/mirror_rules.hpp>
#include <pinhook/registry/node_conf.hpp>
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
  /// The registries, by such names, whose mirrors have everything that lies beside an image; "_default": all.
  std::vector<std::string> complete;
  /// The nodes' registries.conf: its entries precede the directories. Null: there is none.
  std::shared_ptr<const node_conf> conf;
  /// The nodes' registries.yaml: after `conf` and before the directories. Null: there is none.
  std::shared_ptr<const mirror_rules> rules;
  /// Directories in the layout of containerd's config_path, such as "/etc/containerd/certs.d". The first one with an
  /// entry for a registry counts.
  std::vector<std::string> directories;
  /// The time for which routes are used without a check whether the files have changed.
  std::chrono::nanoseconds recheck = std::chrono::seconds(5);
  /// The time that a check may take before the routes known so far are used once more.
  std::chrono::nanoseconds patience = std::chrono::seconds(1);
};

class route_table {
 public:
  /// Registries that are kept; their names come from any user who may create Pods.
  static constexpr std::size_t most_registries = 1000;

  /// `time` must outlive the table and its reads.
  route_table(route_options options, const clock& time) : world_(std::make_shared<world>(std::move(options), time)) {}

  /// Never null and never empty. As in containerd, an invalid hosts.toml is reported (routes::trouble, and the log),
  /// and the registry itself is asked with the certificates in the same directory. unavailable: the directory or the
  /// file cannot be read, and then no host may be asked. timed_out: nor can it by `d`, or within base's read_limit;
  /// known routes stay in use then. invalid_input: an invalid mirror in pinhook's configuration. denied: the nodes'
  /// registries.conf blocks every place, or makes no name of it. canceled.
  awaitable<result<std::shared_ptr<const routes>>> routes_for(reference ref, deadline d);

  /// True where what all mirrors of the registry lack, whatever settings name them, is nowhere
  /// (route_options::complete).
  [[nodiscard]] bool are_mirrors_complete(const reference& ref) const;

  /// The routes that are known without reading a file, though it may be older than `recheck`. Null: nothing, or an
  /// error.
  [[nodiscard]] std::shared_ptr<const routes> known(const reference& ref) const;

 private:
  struct entry {
    std::string fingerprint;
    result<std::shared_ptr<const routes>> found;
    steady_time until;
  };
  /// The data of a read, which may end later than the table.
  struct world {
    world(route_options o, const clock& t) : options(std::move(o)), time(t), held(most_registries) {}
    route_options options;
    const clock& time;
    lru_map<std::string, entry> held;
  };
  using reads = fetch_cache<std::shared_ptr<const routes>>;

  // Nothing where the nodes' registries.conf has no entry for it, or is not read.
  static std::optional<result<std::shared_ptr<const routes>>> by_conf(const world& all, const reference& ref);
  // True where no directory is read for the registry.
  static bool is_known_without_files(const world& all, const std::string& registry);
  static result<std::shared_ptr<const routes>> without_files(world& all, const reference& ref);
  static awaitable<result<reads::fetched>> read(std::shared_ptr<world> all, reference ref, deadline d);

  std::shared_ptr<world> world_;
  /// One at a time for a registry.
  std::unique_ptr<reads> reads_;
};

}  // namespace pinhook::registry
