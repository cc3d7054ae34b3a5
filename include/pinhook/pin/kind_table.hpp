// The kinds that are known to hold images: their names in the API, the places of their images, and whether those of an
// existing object can be changed. One table; a test compares the rules of the webhook configurations in manifests/ with
// it.
//
// Constant; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace pinhook::pin {

/// The type of the value at the end of a path.
enum class holding : std::uint8_t {
  pod_template,  // an object with metadata and a pod spec under `spec`
  pod_spec,
  container,  // an object with `name` and `image`
  image,      // the reference itself
};

/// "pod template", "pod spec", "container", "image".
[[nodiscard]] std::string_view to_string(holding h) noexcept;

struct known_place {
  /// As parse_path takes it.
  std::string_view path;
  holding holds = holding::pod_template;
};

enum class scope : std::uint8_t {
  namespaced,
  /// It has no namespace that could opt in: pinned in files, never sent to the webhook.
  cluster,
};

/// Tells whether the images of an existing object can be changed.
enum class images : std::uint8_t {
  changeable,
  /// The validation of the kind refuses a change: the exception from rule 3.4 (README.md).
  immutable,
  /// The same, where the pod template has a name and keeps it.
  immutable_by_name,
};

/// "changeable", "immutable", "immutable by name".
[[nodiscard]] std::string_view to_string(images i) noexcept;

struct known_kind {
  /// "" is core.
  std::string_view group;
  std::string_view kind;
  /// In the API's paths and in rules of webhooks: the plural, in small letters.
  std::string_view resource;
  std::span<const known_place> places;
  pin::images images = images::changeable;
  pin::scope scope = scope::namespaced;
  /// A subresource through which images arrive, too; or empty.
  std::string_view subresource = {};

  [[nodiscard]] bool is_sent() const { return scope == scope::namespaced; }
  /// Core, apps, batch: their version is fixed, and the API server sets their defaults.
  [[nodiscard]] bool is_built_in() const { return group.empty() || group == "apps" || group == "batch"; }
};

/// The most frequent first.
[[nodiscard]] std::span<const known_kind> known_kinds() noexcept;

}  // namespace pinhook::pin
