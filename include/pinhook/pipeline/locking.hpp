// The content of a lock file: the digests of files' images that are decided already, and the references to look up.
//
//   auto plan = plan_lock({inputs, gaps}, existing, false);
//   … look up plan->missing …
//   auto lock = locked(*plan, known, existing, {.now = clock.wall()});
//
// The lock holds the images that the files use; lock_run keeps those of the existing lock beside them, unless it
// prunes. A pin with its tag in a file is its author's decision and precedes the existing lock; the existing lock
// precedes the registry. Files that pin one tag to different digests decide nothing about it, since no file says which
// pin is newer: the existing lock does, else the registry, and of a tag that no file uses without a digest no entry is
// needed.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/pipeline/cooldown.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomization_gaps.hpp>
#include <pinhook/pipeline/pinning.hpp>
#include <pinhook/pipeline/slot_rules.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/resolve/image_lock.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace pinhook::pipeline {

struct lock_uses {
  const std::vector<input>& inputs;
  /// Images that `pin` adds entries for: see kustomization_gaps.hpp.
  std::vector<kustomization_gap> gaps{};
  /// Images with `pin: never` are skipped.
  slot_rules orders{};
  /// Names that kustomizations give to the images, one for each input; empty: not searched.
  std::vector<renamed_images> renamed{};
};

struct lock_plan {
  /// The place of each image to look up, by canonical reference: "deploy/web.yaml:12:16: container web".
  std::map<std::string, std::string, std::less<>> places;
  /// References to look up, each canonical one once, in the order of the files.
  std::vector<registry::reference> missing;
  /// The canonical references of `missing` that are only guesses, in every place (slot::is_guess): they need no entry.
  std::set<std::string, std::less<>> guesses{};
  /// Those that only values laid over others give to an image (renamed_image::is_guess): they need no entry, whatever
  /// the answer.
  std::set<std::string, std::less<>> other_names{};
  /// Decided by a pin in a file, or by the existing lock.
  resolve::image_lock decided;
  /// Those of `decided` that the existing lock does not have: a file pins them.
  std::vector<registry::reference> fresh{};
  /// What the operator's rules are for the images of `missing` and `fresh`, in each of their places, by canonical
  /// reference.
  std::map<std::string, std::vector<rules::effects>, std::less<>> effects{};
  /// The sentence of the rule that refuses the registry of an image of `missing` or `fresh`, by canonical reference.
  std::map<std::string, std::string, std::less<>> refusals{};
  /// A warning for each tag that files pin to different digests: it names two places and what becomes of its entry.
  std::vector<std::string> conflicts{};
  /// The number of pins without a known tag, which cannot be locked.
  std::size_t without_tag = 0;
  /// The number of images that each rule leaves out.
  std::map<std::string, std::size_t> left_by_rule{};
};

/// `updates`: images that are locked already are looked up again, unless a file pins them. Inputs that could not be
/// read are skipped.
[[nodiscard]] lock_plan plan_lock(const lock_uses& from, const resolve::image_lock& existing, bool updates);

/// The lock of the images that the files use. `known` holds an answer for each of `plan.missing`; those that failed
/// keep their entry of `existing`, and are left out without one. An image with the same digest as in `existing` keeps
/// its time, so that a lock without changes is the same file. A moved tag keeps its digest of `existing` until its
/// cooldown is over. `refused`: canonical references whose digest a rule refuses; they keep their entry, too.
[[nodiscard]] resolve::image_lock locked(const lock_plan& plan, const digest_map& known,
                                         const resolve::image_lock& existing, const cooldown& wait,
                                         const std::set<std::string, std::less<>>& refused = {});

/// "locked 12 images: 2 new, 1 changed, 1 dropped"; "locked 12 images, none changed".
[[nodiscard]] std::string lock_summary(const resolve::image_lock& before, const resolve::image_lock& after);

}  // namespace pinhook::pipeline
