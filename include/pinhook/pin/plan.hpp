// Decides which slots of an object are changed, and where their digests come from: the rules of 3 and 4 in
// README.md as one pure function.
//
// Values; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/pin/leave_reason.hpp>
#include <pinhook/pin/object.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pin/recorded_pins.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pin {

enum class operation : std::uint8_t { create, update, remove, connect };

/// The reference that nodes make of a short name by their registries.conf: the same one where that is Docker Hub's
/// alone, else with its registry, and so it is pinned; an error where they refuse it. Null: Docker Hub's, whatever
/// nodes make of it. Any thread.
using name_meaning = std::function<result<registry::reference>(const registry::reference&)>;

/// What the text of an image means: the reference that is resolved when it has a tag. Errors: of reference::parse, of
/// `meaning_of`.
[[nodiscard]] result<registry::reference> read_image(std::string_view text, const name_meaning& meaning_of);

/// The facts of the admission request, beside the objects.
struct request {
  pin::operation operation = operation::create;
  /// The object's group and kind; "" is core.
  std::string_view group, kind;
  /// "" for the object itself.
  std::string_view subresource;
  /// "" for objects without one.
  std::string_view ns;
  /// pod_paths::images_of the kind.
  pin::images images = images::changeable;
  name_meaning meaning_of = {};
  /// read_image of each slot's text, where the caller has read them already; empty: they are read when needed.
  std::span<const result<registry::reference>> references = {};
};

/// The decision for one slot.
struct decision {
  enum class kind : std::uint8_t { leave, keep, resolve, refuse, restore };
  kind action = kind::leave;
  /// Index in found_slots::slots.
  std::size_t slot = 0;
  /// leave: the reason.
  leave_reason reason = leave_reason::none;
  /// The update leaves this image as it was: the pod template is the same (rule 3.3), or the image in the Pod is (3.5),
  /// or it means the same in an immutable template (3.4). Independent of `action`.
  bool is_unchanged = false;
  /// keep, resolve: the tag reference that is meant, with the author's name.
  std::optional<registry::reference> ref;
  /// keep: the recorded digest.
  std::optional<registry::digest> kept;
  /// resolve: ask past the cache (annotation pinhook.dev/refresh).
  bool past_cache = false;
  /// keep, resolve: the format of the pin.
  pin_format format = pin_format::digest;
  /// keep, resolve: `Always` at slot::pull_policy_pointer becomes IfNotPresent when the image is pinned.
  bool relaxes_pull_policy = false;
  /// restore: oldObject's text in this place, the same tag in another spelling. keep, resolve: the pin that oldObject
  /// has here, which is kept as it is when its digest is the chosen one. Empty where a change of the text alone does no
  /// harm.
  std::string standing;
  /// keep: a refresh could move it.
  bool is_movable = true;
  /// refuse: the fault in the image's text.
  std::string problem;
};

struct plan {
  /// Not none: the object is left as it is, and there are no decisions.
  leave_reason exempt = leave_reason::none;
  /// One a slot, in their order.
  std::vector<decision> decisions;
  /// The pins that oldObject and object recorded; read only when something is kept, resolved or refreshed.
  recorded_pins record;
  /// False where the API server drops changes of metadata: pods/ephemeralcontainers takes over the containers alone
  /// (kubernetes/pkg/registry/core/pod/strategy.go, dropNonEphemeralContainerUpdates).
  bool may_record = true;
  std::vector<std::string> warnings;
};

/// Applies rule 3.8 as far as the request alone decides it: none when the objects must be looked at.
[[nodiscard]] leave_reason exempt_by_request(const request& asked, const policy& options);

/// The plan for `now`. `before` is needed for an update, and null otherwise. The caller has called exempt_by_request.
/// `orders`: the orders of rules, one a slot of `now`; or none at all. Where one is `always`, a Pod of a foreign
/// controller is not exempt: its other slots are left for that reason. malformed: pod templates that differ and are not
/// valid JSON.
[[nodiscard]] result<plan> make_plan(const request& asked, mode m, const policy& options, const object& now,
                                     const object* before, std::span<const slot_order> orders = {});

/// Rule 5: true when the slot of `now` at `index` had this image before.
[[nodiscard]] bool has_same_image(std::size_t index, const object& now, const object& before);

/// The name of a slot in messages: its container's name, else its pointer.
[[nodiscard]] std::string_view label_of(const slot& s);

}  // namespace pinhook::pin
