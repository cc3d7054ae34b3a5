// The demo's story in steps. Each step sends what an API server would send, shows what came back, and checks it.
//
//   story the_story(site, view);
//   if (auto ok = the_story.tell(); !ok) …
//
// One thread; blocks.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/demo/site.hpp>
#include <pinhook/demo/view.hpp>

#include <string>

namespace pinhook::demo {

/// Tells all steps. The first that cannot be taken ends it with its error; a check that does not hold is counted by the
/// view.
[[nodiscard]] result<void> tell_story(site& at, view& shown_by);

/// A manifest with a tag in it, for the reader to try.
[[nodiscard]] std::string story_manifest(const site& at);

}  // namespace pinhook::demo
