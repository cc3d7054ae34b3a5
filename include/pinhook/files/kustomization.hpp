// The `images` of a kustomization: its entries, and those that it lacks for images of its resources.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// True for a path whose last part is a name that kustomize reads: kustomization.yaml, kustomization.yml,
/// Kustomization.
[[nodiscard]] bool is_kustomization_name(std::string_view path);

/// True for a file that kustomize takes for one: by its name or by a document of kind Kustomization or Component of
/// kustomize.config.k8s.io.
[[nodiscard]] bool is_kustomization(std::string_view text, std::string_view path);

/// What the kustomization takes in that is a path and no URL: `resources`, `bases`, `components`, as written.
[[nodiscard]] result<std::vector<std::string>> local_resources(std::string_view text);

/// The entries of `images`, one an item of the list; of an item that is none, nothing.
[[nodiscard]] result<std::vector<kustomize_entry>> image_entries(std::string_view text);

struct new_entry {
  /// The tag reference as the resource has it: "nginx:1.25".
  registry::reference ref;
  registry::digest digest;
  /// How it is written; none: as the call says.
  std::optional<pin::pin_format> format{};
  /// The item of `images` that has neither tag nor digest, and gets it; none: a new one.
  std::optional<std::size_t> fills{};
};

/// The text with an entry added for each, at the end of `images` (made at the end of the file when there is none),
/// indented as its neighbours are, or filled in. malformed: no YAML, or `images` is no list. invalid_input: an entry to
/// fill is an alias, or has its name from a merge key.
[[nodiscard]] result<std::string> with_entries(std::string_view text, const std::vector<new_entry>& entries,
                                               pin::pin_format format);

}  // namespace pinhook::files
