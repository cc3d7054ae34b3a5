// What a cluster writes and runs: workloads with their images, and for each image the digests that its Pods run.
//
// Pods belong to the owner at the top of their chain of controllers (Pod → ReplicaSet → Deployment, Job → CronJob, any
// kinds that were read); a Pod without one stands for itself. An owner of a Pod, a ReplicaSet or a Job that was not
// read (deleted, or of a kind that is not listed) is known by its Pods alone. Other workloads whose owner was not read,
// such as an operator's StatefulSet, are their own top.
//
// Plain values; any thread.
#pragma once

#include <pinhook/fleet/object.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/digest.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::fleet {

struct running_digest {
  registry::digest digest;
  /// Pods in which it runs.
  std::size_t pods = 0;
  std::size_t ready = 0;

  friend bool operator==(const running_digest&, const running_digest&) = default;
};

/// One container of a workload, with one image.
struct image_use {
  written_image written;
  /// False: only Pods have it; a sidecar that a webhook adds, or an image of before the last change.
  bool is_in_workload = true;
  /// Those of most Pods first.
  std::vector<running_digest> running;
  /// Pods that have the container with this image and have not ended; those of them whose imageID says nothing about a
  /// manifest; and those where the image has a digest although the workload writes a tag (they were pinned as Pods).
  std::size_t pods = 0;
  std::size_t unknown = 0;
  std::size_t pinned_pods = 0;
};

struct workload {
  object_id id;
  /// False: it is known by its Pods alone.
  bool was_read = true;
  std::vector<image_use> images;
  std::optional<pins_record> pins;
  registry::tenant pulls_as;
  /// Where they were read (read_options).
  fleet::labels labels;
  /// Pods that have not ended.
  std::size_t pods = 0;
  std::size_t ready = 0;
};

struct namespace_state {
  /// False: it could not be read, and its mode is not known.
  bool was_read = true;
  /// The value of the label pinhook.dev/pin.
  std::optional<std::string> label;
  /// Nothing: it did not opt in.
  [[nodiscard]] std::optional<pin::mode> mode() const { return label ? pin::parse_mode(*label) : std::nullopt; }
};

struct state {
  std::map<std::string, namespace_state, std::less<>> namespaces;
  /// By namespace, group, kind, name.
  std::vector<workload> workloads;
  /// The version of the API in which each group was read.
  std::map<std::string, std::string, std::less<>> versions{};
};

/// True for kinds of which only a controller knows the names, one of many: with an owner that was not read they are
/// counted under its name. Any other object is a workload although an operator's object owns it.
[[nodiscard]] bool is_made_by_controller(const object_id& id);

/// Puts workloads, Pods and namespaces together.
///
///   state_builder all(selector);
///   all.take(std::move(deployment)); … all.take(std::move(pod)); …
///   state done = std::move(all).finish();
///
/// The order does not matter; a Pod is folded into its workload at the end. One thread.
class state_builder {
 public:
  /// Keeps the workloads that `wanted` matches, with their Pods, whatever labels these have.
  explicit state_builder(label_selector wanted = {}) : wanted_(std::move(wanted)) {}

  void take(object one);
  void take(pod one);
  void take(namespace_object one);
  /// A namespace whose label could not be read.
  void take_unread_namespace(std::string name);

  [[nodiscard]] state finish() &&;

 private:
  struct place;
  [[nodiscard]] object_id top_of(const object& one) const;
  [[nodiscard]] place place_of(pod& one);

  label_selector wanted_;
  std::map<object_id, object> objects_;
  std::vector<pod> pods_;
  state out_;
};

}  // namespace pinhook::fleet
