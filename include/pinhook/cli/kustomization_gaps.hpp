// Images that a kustomization takes in from its resources and that no entry of its `images` names: `pin` adds entries
// for them, since resources may be shared with others.
//
// What kustomize does on the way is followed: kustomizations between rename and retag by their own entries, components
// by theirs for all that came before them. Source: sigs.k8s.io/kustomize/api v0.21 (filters/imagetag, internal/image,
// internal/target).
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/cli/inputs.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {

/// Kustomizations within each other, and files of all of them together. Real trees have some five levels and some
/// hundred files.
inline constexpr std::size_t max_kustomization_depth = 32;
inline constexpr std::size_t max_kustomization_files = 10'000;

struct kustomization_gap {
  /// As it comes out of the resources: "nginx:1.25".
  registry::reference ref;
  /// Where it stands first: "base/web.yaml:12:16".
  std::string place;
};

struct kustomization_gaps {
  /// By the order in which kustomize meets them; one a name.
  std::vector<kustomization_gap> missing;
  /// Sentences about what no entry is added for: remote resources, images that kustomize's `images` does not reach.
  std::vector<std::string> notes;
};

/// `path`: of the kustomization, whose text is `text`. Resources among `inputs` (canonical paths) are left out: they
/// are pinned in their own files.
/// invalid_input: a resource that is not there or no YAML; a name that resources use with different tags (an entry
/// would change both); resources in a circle; a limit that was crossed.
[[nodiscard]] result<kustomization_gaps> find_kustomization_gaps(const std::string& path, std::string_view text,
                                                                 const std::set<std::filesystem::path>& inputs,
                                                                 const files::file_rules& rules);

/// One an input, in their order: of a kustomization that the person named its gaps, of anything else none.
[[nodiscard]] std::vector<std::optional<result<kustomization_gaps>>> gaps_of_named(
    const std::vector<const input*>& inputs, const files::file_rules& rules);

}  // namespace pinhook::cli
