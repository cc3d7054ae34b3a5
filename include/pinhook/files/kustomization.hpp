// Entries that a kustomization lacks: images of its resources that no entry of `images` names.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// True for a file that kustomize takes for one: by its name (kustomization.yaml, kustomization.yml, Kustomization) or
/// by a document of kind Kustomization or Component of kustomize.config.k8s.io.
[[nodiscard]] bool is_kustomization(std::string_view text, std::string_view path);

/// What the kustomization takes in that is a path and no URL: `resources`, `bases`, `components`, as written.
[[nodiscard]] result<std::vector<std::string>> local_resources(std::string_view text);

/// Names (without tag and digest, as kustomize compares them) that an entry of `images` holds.
[[nodiscard]] result<std::vector<std::string>> named_images(std::string_view text);

struct new_entry {
  /// The tag reference as the resource has it: "nginx:1.25".
  registry::reference ref;
  registry::digest digest;
  /// How it is written; none: as the call says.
  std::optional<pin::pin_format> format{};
};

/// The text with an entry added for each, at the end of `images` (made at the end of the file when there is none),
/// indented as its neighbours are. malformed: no YAML, or `images` is no list.
[[nodiscard]] result<std::string> with_entries(std::string_view text, const std::vector<new_entry>& entries,
                                               pin::pin_format format);

}  // namespace pinhook::files
