// Keeps a cluster_cache current: a watch for each list of the cluster, discovery of kinds that are installed later, and
// which of the lists are not current, and why.
//
//   cluster_feed feed(connection, cache, time, {.namespaces = {"shop"}});
//   feed.start(tasks);
//   … feed.is_settled() …
//
// Requests: `list` and `watch` on the kinds of the kind table that the cluster has, on Pods and on namespaces (with
// names of namespaces: `get` on each, every few seconds), and the discovery of groups.
//
// Thread rule: one thread, that of the connection.
#pragma once

#include <pinhook/access/fleet_kinds.hpp>
#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/wait_seams.hpp>
#include <pinhook/console/cluster_cache.hpp>
#include <pinhook/console/trouble.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/kube/object_watch.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/server/task_group.hpp>

#include <list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::console {

struct feed_options {
  /// Empty: all.
  std::vector<std::string> namespaces = {};
  /// Kinds of the operator beside those of the table.
  std::vector<pin::custom_kind> kinds = {};
  kube::watch_options watches = {};
  wait_seams seams = {};
};

class cluster_feed {
 public:
  /// All outlive it.
  cluster_feed(kube::api_connection& to, cluster_cache& into, const clock& time, feed_options options)
      : to_(to), into_(into), time_(time), options_(std::move(options)) {}
  cluster_feed(const cluster_feed&) = delete;
  cluster_feed& operator=(const cluster_feed&) = delete;

  /// Begins; the tasks end by cancellation, before this does.
  void start(server::task_group& tasks);

  /// The kind of the lists; nothing: none of that name is watched.
  [[nodiscard]] std::optional<access::fleet_kind> find_kind(std::string_view group, std::string_view kind) const;

  /// All lists have been read, once at least, or are refused for lack of rights.
  [[nodiscard]] bool is_settled() const;
  /// No list is refused.
  [[nodiscard]] bool is_whole() const;
  /// Lists that are not current.
  [[nodiscard]] std::vector<trouble> troubles() const;
  /// Since when a list is not current although it may be read; nothing: all are.
  [[nodiscard]] std::optional<wall_time> behind_since() const;

 private:
  // One list of the cluster, and why it is not current.
  struct watched {
    cluster_cache::list& list;
    /// Empty: it is about no single namespace.
    std::string ns{};
    std::optional<error> failure{};
    std::optional<wall_time> since{};

    [[nodiscard]] bool is_denied() const { return failure && failure->code == error_code::denied; }
  };

  void watch(access::fleet_kind kind, const std::string& ns);
  void watch_everywhere(const access::fleet_kind& kind);
  void note(watched& one, const std::string& name, const std::optional<error>& e);
  awaitable<void> find_kinds();
  awaitable<void> keep_namespaces();
  /// Nothing: it was read. not_found: there is none.
  awaitable<std::optional<error>> read_namespace(cluster_cache::list& into, std::string name);

  kube::api_connection& to_;
  cluster_cache& into_;
  const clock& time_;
  const feed_options options_;
  server::task_group* tasks_ = nullptr;
  std::list<watched> lists_;
  std::set<std::string> names_;
  std::vector<std::string> discovery_troubles_;
  /// Namespaces that were named and are not there.
  std::vector<trouble> missing_;
  bool is_discovered_ = false;
};

}  // namespace pinhook::console
