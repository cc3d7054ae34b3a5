// Images that a kustomization takes in from its resources and that no entry of its `images` gives a tag or a digest:
// `pin` fills in the entry that matches, or adds one, since resources may be shared with others.
//
// What kustomize does on the way is followed: kustomizations between rename and retag by their own entries, components
// by theirs for all that came before them. What an entry does: files/kustomize_image.hpp; the order: sigs.k8s.io/
// kustomize/api v0.21.2, internal/target.
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomization_walk.hpp>
#include <pinhook/pipeline/site_rules.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

struct kustomization_gap {
  /// As it comes out of the resources: "nginx:1.25".
  registry::reference ref;
  /// Where it stands first: "base/web.yaml:12:16".
  std::string place;
  /// How a rule wants it written; none: as the run says.
  std::optional<pin::pin_format> format{};
  /// The item of `images` that matches it and has neither tag nor digest; none: no entry matches it.
  std::optional<std::size_t> entry{};
};

struct kustomization_gaps {
  /// By the order in which kustomize meets them; one an entry.
  std::vector<kustomization_gap> missing;
  /// Sentences about what no entry is added for: remote resources, images that kustomize's `images` does not reach or
  /// that a rule leaves as they are.
  std::vector<std::string> notes;
};

/// What is not looked for, and how files are read. References outlive the call.
struct gap_limits {
  /// Canonical paths of files that are pinned by themselves.
  const std::set<std::filesystem::path>& inputs;
  const files::file_rules& rules;
  /// Rules look at the image as it comes out of the resource, and at the object there.
  const site_rules& orders;
};

/// `path`: of the kustomization, whose text is `text`.
/// invalid_input: a resource that is not there or no YAML; a name that resources use with different tags (an entry
/// would change both), or that is another image's, too; resources in a circle; a limit that was crossed.
[[nodiscard]] result<kustomization_gaps> find_kustomization_gaps(const std::string& path, std::string_view text,
                                                                 const gap_limits& within);

/// One an input, in their order: of a kustomization that the person named its gaps, of anything else none.
[[nodiscard]] std::vector<std::optional<result<kustomization_gaps>>> gaps_of_named(
    const std::vector<const input*>& inputs, const files::file_rules& rules, const site_rules& orders);

}  // namespace pinhook::pipeline
