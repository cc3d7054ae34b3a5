// Pins of what runs: for each image that a workload writes by tag, the digest that its ready Pods run, to be recorded
// in the workload's annotation pinhook.dev/pins (pin/recorded_pins.hpp). Nothing restarts by that, and the next rollout
// gets the bytes of today.
//
//   for (auto& one : plan_adoption(state, {}))
//     … check_manifests(image, …) for each pending image; then write record_of(one, present)
//
// An image that cannot be adopted is left, with the reason and what to do. Jobs and Pods by themselves are passed over
// unless they are named: no rollout follows that could use a record. Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/fleet/manifest.hpp>
#include <pinhook/fleet/object.hpp>
#include <pinhook/fleet/state.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::fleet {

/// "deployment/web", "sts/db": the kind as kubectl takes it (any case, plural, the short names of built-in kinds).
class workload_name {
 public:
  /// invalid_input: not KIND/NAME.
  [[nodiscard]] static result<workload_name> parse(std::string_view text);

  [[nodiscard]] bool matches(const object_id& id) const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_, kind_, name_;
};

enum class adoption_state : std::uint8_t {
  pending,  // to be recorded
  adopted,
  current,  // the record has this digest already
  left,
};

/// "pending", "adopted", "current", "left".
[[nodiscard]] std::string_view to_string(adoption_state state) noexcept;

struct image_adoption {
  std::string container;
  /// As written.
  std::string image;
  adoption_state state = adoption_state::left;
  /// What is recorded; none for an image that is left before its digest is known.
  std::optional<registry::reference> tag{};
  std::optional<registry::digest> digest{};
  /// left: why, and what to do.
  std::string reason{};

  void leave(std::string why) {
    state = adoption_state::left;
    reason = std::move(why);
  }
};

enum class rollout_state : std::uint8_t {
  ready,        // it was restarted, and its Pods are ready
  failed,       // it was restarted, and its Pods did not become ready
  left,         // it was not restarted, for a reason of its own
  not_started,  // one before it failed
};

/// "ready", "failed", "left", "not-started".
[[nodiscard]] std::string_view to_string(rollout_state state) noexcept;

struct rollout_outcome {
  rollout_state state = rollout_state::not_started;
  /// failed, left: why, and what to do.
  std::string reason{};
};

struct workload_adoption {
  object_id id;
  std::vector<image_adoption> images;
  /// Nothing: no restart was asked for.
  std::optional<rollout_outcome> rollout{};

  [[nodiscard]] bool has(adoption_state state) const;
};

/// The workloads with images by tag, in the order of the state; with names only those. Images with a digest need no
/// record and are not listed.
[[nodiscard]] std::vector<workload_adoption> plan_adoption(const state& of, const std::vector<workload_name>& names);

/// The reference by digest under the name that is written: what a node will pull.
[[nodiscard]] registry::reference pinned_image(const image_adoption& of);

/// Decides about a pending image by what its registry has for the digest and for the tag. It is left when the digest is
/// gone or cannot be seen. Some runtimes give the digest of one platform's manifest: where the tag's index holds it,
/// the index is recorded, which is the same bytes; where the tag has another index by now, it is left, since nodes of
/// other platforms could not run it.
void check_manifests(image_adoption& of, const result<manifest>& pinned, const result<manifest>& tag);

/// The value of the annotation with the pending images in front of what `present` (its value; empty: none) has;
/// no value when it has all of them already, which makes those images current. Images for which the record has no room
/// are left.
[[nodiscard]] std::optional<std::string> record_of(workload_adoption& of, std::string_view present);

/// What a write needs to know of the object as it is now.
struct record_holder {
  /// Makes a write fail when another object has taken the name by then, or none has it.
  std::string uid;
  /// The annotation's value; empty: there is none.
  std::string pins;
};

/// Reads an object as the API server gives it. malformed: no object with a uid.
[[nodiscard]] result<record_holder> read_holder(std::string_view text);

/// The body of a server-side apply that sets the annotation and nothing else. `api_version`: "apps/v1".
[[nodiscard]] std::string applied_record(const object_id& id, std::string_view api_version, std::string_view uid,
                                         std::string_view record);

}  // namespace pinhook::fleet
