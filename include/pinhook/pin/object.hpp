// The parts of a Kubernetes object that pinning needs: name, owner, annotations, and the images it holds. One pass over
// the text; nothing else of it is decoded.
//
// Values; any thread. `templates` point into the text that was read.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/json_cursor.hpp>
#include <pinhook/pin/find_slots.hpp>
#include <pinhook/pin/operator_images.hpp>
#include <pinhook/pin/own_labels.hpp>
#include <pinhook/pin/pod_paths.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pinhook::pin {

struct owner {
  /// apiVersion without its version; "" is core.
  std::string group;
  std::string kind;
  std::string name;
};

struct metadata {
  std::string name;
  std::string generate_name;
  /// The owner reference with `controller: true`.
  std::optional<owner> controller;
  bool has_deletion_timestamp = false;
  /// False also for `null`.
  bool has_annotations = false;
  std::optional<std::string> pin_label, pins, updates, refresh;
};

struct object {
  pin::metadata metadata;
  bool has_metadata = false;
  found_slots found;
};

struct object_search {
  /// Images that are taken.
  std::size_t most = max_slots;
  /// An object that is searched for pod specs is searched by the names of keys, too (search_keys.hpp).
  bool takes_keys = false;
  /// The rows of its operator, for the search by the names of keys.
  operator_rows operators = {};
};

/// `places`: the places of images; empty, or the last with an empty path: the object is searched for pod specs.
/// malformed: no JSON object, or a duplicate of a key that pinning acts on (it is not for us to guess which of the two
/// the API server takes). unsupported: a limit of find_slots.hpp was crossed, or it has more images than are taken.
[[nodiscard]] result<object> read_object(std::string_view text, std::span<const place> places,
                                         const object_search& search = {});

/// The object that is the next value of `at`, which is moved behind it, by these places, of which none has an empty
/// path. Errors as above; then the place of `at` is anywhere.
[[nodiscard]] result<object> read_next_object(json::cursor& at, std::span<const place> places, std::size_t most);

/// Its metadata alone; `found` stays empty. malformed: as read_object.
[[nodiscard]] result<object> read_metadata(std::string_view text);

/// True when both texts hold the same members beside metadata and status, written in the same way: API servers send
/// both objects of an update alike.
[[nodiscard]] bool is_same_but_metadata(std::string_view now, std::string_view before);

}  // namespace pinhook::pin
