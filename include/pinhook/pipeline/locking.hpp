// What a lock file shall hold: what the images of files mean, as far as it is decided, and what is still to be asked.
//
//   auto plan = plan_lock({inputs, gaps}, existing, false);
//   … look up plan->missing …
//   auto lock = locked(*plan, known, "2026-11-21T08:30:00Z");
//
// The lock holds exactly what the files use. A pin that stands in a file beside its tag is what its author decided, and
// goes before what the lock says; what is locked already goes before the registry.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomization_gaps.hpp>
#include <pinhook/pipeline/pinning.hpp>
#include <pinhook/pipeline/site_rules.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/resolve/image_lock.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace pinhook::pipeline {

struct lock_uses {
  const std::vector<input>& inputs;
  /// Images that `pin` adds entries for: see kustomization_gaps.hpp.
  std::vector<kustomization_gap> gaps{};
  /// Images of which they say `pin: never` are passed over.
  site_rules orders{};
  /// Names under which the images come out of kustomizations, one an input; empty: nobody looked.
  std::vector<renamed_images> renamed{};
};

struct lock_plan {
  /// Where each image to be looked up is used, by canonical reference: "deploy/web.yaml:12:16: container web".
  std::map<std::string, std::string, std::less<>> places;
  /// To be looked up, each canonical one once, in the order of the files.
  std::vector<registry::reference> missing;
  /// What is decided: by a pin in a file, or by the lock.
  resolve::image_lock decided;
  /// Pins whose tag nobody knows: nothing to lock.
  std::size_t without_tag = 0;
  /// Images that are passed over, by the rule that says so.
  std::map<std::string, std::size_t> left_by_rule{};
};

/// `updates`: what is locked already is looked up anew, unless a file pins it. Inputs that could not be read are passed
/// over. invalid_input: two files pin one tag to different digests; the message names both places.
[[nodiscard]] result<lock_plan> plan_lock(const lock_uses& from, const resolve::image_lock& existing, bool updates);

/// The whole lock. `known` holds an answer for each of `plan.missing`, those that failed are left out. An image whose
/// digest is as it was in `existing` keeps its time, so that a lock without news is the same file.
[[nodiscard]] resolve::image_lock locked(const lock_plan& plan, const digest_map& known,
                                         const resolve::image_lock& existing, const std::string& now);

/// "locked 12 images: 2 new, 1 changed, 1 dropped"; "locked 12 images, none of them changed".
[[nodiscard]] std::string lock_summary(const resolve::image_lock& before, const resolve::image_lock& after);

}  // namespace pinhook::pipeline
