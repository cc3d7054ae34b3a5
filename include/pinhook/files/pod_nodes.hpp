// The images of an object whose pod template or pod spec is at one known place, read from its nodes. The webhook's own
// engine (pin/object.hpp) reads objects as JSON; nearly all objects in files are plain enough to be read as it would
// read them, without their JSON.
//
// Pure; any thread.
#pragma once

#include <pinhook/pin/object.hpp>
#include <pinhook/pin/pod_paths.hpp>
#include <pinhook/pin/slot.hpp>
#include <pinhook/yaml/source.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// An image as read_object gives it; the views point into what it was read from.
struct pod_image {
  /// Its string; no_node where it was read as JSON, and the nodes have none there.
  yaml::node_index node = yaml::no_node;
  /// From the object.
  std::string pointer{};
  std::string_view image{};
  std::string_view container{};
  std::string_view pull_policy{};
  pin::container_type type = pin::container_type::other;
};

struct pod_images {
  /// The value of the label pin::pin_label; empty when there is no string.
  std::string_view pin_label;
  /// In the order of the text.
  std::vector<pod_image> images;
};

/// The same as pin::read_object would find in the JSON of the object. None for what that function has to judge: other
/// places, duplicate keys, merge keys, too many images. The object's text has no alias.
[[nodiscard]] std::optional<pod_images> read_pod_nodes(const yaml::source_document& doc, yaml::node_index object,
                                                       std::span<const pin::place> places);

}  // namespace pinhook::files
