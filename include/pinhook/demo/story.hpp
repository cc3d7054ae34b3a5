// The demo's story in steps. Each step sends the request of an API server, shows the answer, and checks it.
//
//   if (auto ok = tell_story(site, view); !ok) …
//
// One thread; blocks.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/demo/site.hpp>
#include <pinhook/demo/view.hpp>

#include <string>

namespace pinhook::demo {

/// Runs all steps. The first that fails ends the story with its error; the view counts checks that do not hold.
[[nodiscard]] result<void> tell_story(site& at, view& shown_by);

/// A manifest with a tag in it, for the reader to try.
[[nodiscard]] std::string story_manifest(const site& at);

}  // namespace pinhook::demo
