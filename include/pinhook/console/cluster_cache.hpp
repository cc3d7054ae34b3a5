// The workloads, Pods and namespaces of a cluster in memory, as its watches give them, and which namespaces changed
// since they were last looked at.
//
//   cluster_cache cache(paths);
//   auto& pods = cache.add_list(kind, "");
//   pods.begin(); pods.take(text); … pods.finish();      // a list
//   pods.take(text); pods.remove(text);                  // and its changes
//   for (auto& one : cache.take_changed(5'000)) …
//
// Pure: no I/O, no clock. One thread.
#pragma once

#include <pinhook/access/fleet_kinds.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/console/trouble.hpp>
#include <pinhook/fleet/object.hpp>
#include <pinhook/pin/pod_paths.hpp>
#include <pinhook/registry/tenant.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::console {

/// What is known of one namespace.
struct namespace_content {
  std::string name;
  /// Nothing: it was not read, or is gone.
  std::optional<fleet::namespace_object> object;
  std::vector<fleet::object> objects;
  std::vector<fleet::pod> pods;
};

/// An object, the list that has it (an address, only compared), and the round of that list in which it was seen last.
template <class T>
struct listed {
  T value;
  const void* from = nullptr;
  std::uint64_t round = 0;
};

class cluster_cache {
 public:
  /// `paths` outlives this. `keeps_all_labels`: also those of Pods, ReplicaSets and Jobs with a controller, which count
  /// for a selector where that one cannot be read.
  explicit cluster_cache(const pin::pod_paths& paths, bool keeps_all_labels = false)
      : paths_(paths), keeps_all_labels_(keeps_all_labels) {}
  cluster_cache(const cluster_cache&) = delete;
  cluster_cache& operator=(const cluster_cache&) = delete;

  /// Objects of one list, of a kind and a namespace (empty: all); lives as long as the cache.
  class list {
   public:
    /// A list begins: what is not taken until `finish` is gone then. It stays until then.
    void begin() { ++round_; }
    /// An object of the list, or a changed one. One that cannot be read is a trouble, and not kept.
    void take(std::string_view text);
    void remove(std::string_view text);
    void finish();

    /// A whole list has been read, once at least.
    [[nodiscard]] bool has_finished() const { return has_finished_; }
    [[nodiscard]] const access::fleet_kind& kind() const { return kind_; }
    [[nodiscard]] const std::string& ns() const { return ns_; }

   private:
    friend class cluster_cache;
    list(cluster_cache& all, access::fleet_kind kind, std::string ns)
        : all_(all), kind_(std::move(kind)), ns_(std::move(ns)) {}

    cluster_cache& all_;
    const access::fleet_kind kind_;
    const std::string ns_;
    std::uint64_t round_ = 0;
    bool has_finished_ = false;
  };

  /// Workloads or Pods. Namespaces: a kind "Namespace" of the core group.
  [[nodiscard]] list& add_list(access::fleet_kind kind, std::string ns);

  /// Namespaces that changed, whole, until they have `most` objects together; the rest stays for the next call. A
  /// namespace without anything is gone.
  [[nodiscard]] std::vector<namespace_content> take_changed(std::size_t most);
  [[nodiscard]] bool has_changes() const { return !changed_.empty(); }
  /// Looks at a namespace again although nothing of it changed.
  void touch(const std::string& ns) {
    if (parts_.contains(ns)) changed_.insert(ns);
  }
  void touch_all();

  /// Workloads and Pods.
  [[nodiscard]] std::size_t objects() const { return objects_; }
  /// Objects that could not be read; bounded.
  [[nodiscard]] std::vector<trouble> troubles() const;

 private:
  /// What the Pods of one template have in common, and is most of each: kept once for all of a namespace.
  struct pod_body {
    std::vector<fleet::written_image> images;
    std::vector<fleet::running_container> running;
    registry::tenant pulls_as;

    friend auto operator<=>(const pod_body&, const pod_body&) = default;
  };
  struct by_content {
    bool operator()(const std::shared_ptr<const pod_body>& a, const std::shared_ptr<const pod_body>& b) const {
      return *a < *b;
    }
  };
  /// A Pod whose lists are empty, and what belongs there.
  struct kept_pod {
    fleet::pod rest;
    std::shared_ptr<const pod_body> body;
  };

  struct part {
    std::optional<listed<fleet::namespace_object>> object;
    std::map<fleet::object_id, listed<fleet::object>> objects;
    std::map<std::string, listed<kept_pod>, std::less<>> pods;
    std::set<std::shared_ptr<const pod_body>, by_content> bodies;

    [[nodiscard]] kept_pod shared(fleet::pod one);
    [[nodiscard]] static fleet::pod whole(const kept_pod& one);
    /// Forgets the bodies that no Pod has any more.
    void drop_bodies();
    [[nodiscard]] bool is_empty() const { return !object && objects.empty() && pods.empty(); }
  };

  /// Forgets labels that nobody asks for; there is one Pod or more for each row.
  void drop_labels(fleet::object& of) const;
  void put(const list& from, fleet::namespace_object one);
  void put(const list& from, fleet::object one);
  void put(const list& from, fleet::pod one);
  void drop(const list& from, const std::string& ns, const std::string& name);
  void drop_unseen(const list& from);
  void note_unread(const list& from, std::string_view text, error e);

  const pin::pod_paths& paths_;
  const bool keeps_all_labels_;
  std::list<list> lists_;
  std::map<std::string, part, std::less<>> parts_;
  std::set<std::string, std::less<>> changed_;
  std::map<std::string, trouble, std::less<>> unread_;
  std::size_t objects_ = 0;
};

}  // namespace pinhook::console
