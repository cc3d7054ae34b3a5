// Images that a kustomization takes from its resources and to which no entry of its `images` gives a tag or a digest:
// `pin` fills in the entry that matches, or adds one, since resources may be shared with others.
//
// The search follows kustomize: kustomizations in between rename and retag by their own entries, components by theirs
// all that came before them. For the effect of an entry see files/kustomize_image.hpp; the order is that of
// sigs.k8s.io/kustomize/api v0.21.2, internal/target.
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pipeline/controller_overlays.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomization_walk.hpp>
#include <pinhook/pipeline/pinning.hpp>
#include <pinhook/pipeline/slot_rules.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/rule_set.hpp>

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
  /// Its first place: "base/web.yaml:12:16".
  std::string place;
  /// The format that a rule orders; none: the run's.
  std::optional<pin::pin_format> format{};
  /// The item of `images` that matches it and has neither tag nor digest; none: no entry matches it.
  std::optional<std::size_t> entry{};
  /// The rules for it, of each of its places.
  std::vector<rules::effects> effects{};
  /// Other names that kustomizations further out give to it (kustomization_renames.hpp).
  std::vector<renamed_image> renamed{};
};

struct kustomization_gaps {
  /// In the order in which kustomize reaches them; one for each entry.
  std::vector<kustomization_gap> missing;
  /// Sentences about images without an added entry: of remote resources, where kustomize's `images` does not reach, or
  /// where a rule leaves them as they are.
  std::vector<std::string> notes;
};

/// Files to leave out, and rules for the rest. References outlive the call.
struct gap_limits {
  /// Canonical paths of the run's own files, which are pinned by themselves.
  const std::set<std::filesystem::path>& inputs;
  const files::image_places& places;
  /// They judge the image as it comes out of the resource, and the object there.
  const slot_rules& orders;
  /// Patches of controllers' objects for the kustomization count as its own.
  const std::vector<controller_overlay>& overlays;
  /// walk_limits::read_objects.
  object_files* objects = nullptr;
};

/// `path` and `text` are those of the kustomization.
/// invalid_input: a resource that does not exist or is not YAML; a name that resources use with different tags (an
/// entry would change both), or that matches another image, too; a cycle of resources; an exceeded limit.
[[nodiscard]] result<kustomization_gaps> find_kustomization_gaps(const std::string& path, std::string_view text,
                                                                 const gap_limits& within);

/// One for each input, in their order: the gaps of a kustomization that an argument names; none for any other input.
[[nodiscard]] std::vector<std::optional<result<kustomization_gaps>>> gaps_of_named(
    const std::vector<const input*>& inputs, const files::image_places& places, const slot_rules& orders);

}  // namespace pinhook::pipeline
