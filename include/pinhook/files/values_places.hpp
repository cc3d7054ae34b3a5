// Objects that hold Helm values, or images for kustomize: the places, and the form in which they are written. One
// table.
//
// Constant; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace pinhook::files {

enum class values_form : std::uint8_t {
  object,         // the values themselves
  text,           // a string that holds them as YAML
  parameters,     // a list of `name` ("image.tag") and `value`
  pairs,          // a mapping of such names and values
  image_strings,  // a list of "NAME=NEW:TAG", as `kustomize edit set image` takes them
  entries,        // a mapping with the `images` of a kustomization
  objects,        // a string that may hold Kubernetes objects as YAML
};

struct place_in_object {
  /// "" is core.
  std::string_view group;
  std::string_view kind;
  /// As pin::parse_path takes it.
  std::string_view path;
  values_form form = values_form::object;
};

[[nodiscard]] std::span<const place_in_object> values_places() noexcept;

}  // namespace pinhook::files
