// Workloads and Pods of a cluster, reduced to what a report needs; and how they are read from the JSON of the API
// server.
//
// Values; any thread. Nothing refers to the text that was read.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/fleet/image_id.hpp>
#include <pinhook/fleet/label_selector.hpp>
#include <pinhook/pin/object.hpp>
#include <pinhook/pin/pod_paths.hpp>
#include <pinhook/pin/slot.hpp>
#include <pinhook/registry/tenant.hpp>

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::fleet {

struct object_id {
  std::string ns;
  /// "" is core.
  std::string group;
  std::string kind;
  std::string name;

  /// "Deployment/web"
  [[nodiscard]] std::string to_string() const { return kind + "/" + name; }
  friend auto operator<=>(const object_id&, const object_id&) = default;
};

struct written_image {
  /// The container's name; where it has none, the JSON Pointer to the image.
  std::string container;
  pin::container_type type = pin::container_type::other;
  /// As written.
  std::string image;
  /// JSON Pointer to it.
  std::string pointer;
  /// Empty: none is written.
  std::string pull_policy;

  friend auto operator<=>(const written_image&, const written_image&) = default;
};

/// The annotation pinhook.dev/pins of an object.
struct pins_record {
  /// Its value, which may be no record at all (pin/recorded_pins.hpp).
  std::string text;
  /// From managedFields: the field manager that wrote it, and when that manager last changed a field of its own; the
  /// pins are at least that old. Empty where the API server gave none.
  std::string manager;
  std::optional<wall_time> written_at;
};

/// A workload, or any other object with images.
struct object {
  object_id id;
  /// The owner reference with `controller: true`.
  std::optional<object_id> controller;
  fleet::labels labels;
  std::vector<written_image> images;
  std::optional<pins_record> pins;
  /// The Pod whose credentials pull its images: of its first pod template.
  registry::tenant pulls_as;
};

struct running_container {
  std::string name;
  image_id image;

  friend auto operator<=>(const running_container&, const running_container&) = default;
};

struct pod {
  object as_object;
  /// Its condition Ready is true.
  bool is_ready = false;
  /// Succeeded or Failed: nothing of it runs any more.
  bool has_ended = false;
  std::vector<running_container> running;
};

struct listed_kind {
  /// "" is core.
  std::string group;
  std::string kind;
  /// Where its images are: pod_paths::of.
  std::span<const pin::place> places;
};

struct read_options {
  /// Labels are read only when somebody asks for them.
  bool has_labels = false;
};

/// malformed, unsupported: as pin::read_object; the message names the object where its name could be read.
[[nodiscard]] result<object> read_object(std::string_view text, const listed_kind& kind, const read_options& options);
[[nodiscard]] result<pod> read_pod(std::string_view text, const listed_kind& kind, const read_options& options);

/// Name and labels of a Namespace. malformed: it is no object with a name.
struct namespace_object {
  std::string name;
  /// The value of the label pinhook.dev/pin.
  std::optional<std::string> pin_label;
};
[[nodiscard]] result<namespace_object> read_namespace(std::string_view text);

}  // namespace pinhook::fleet
