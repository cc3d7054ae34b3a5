// Takes away the entries of a kustomization's `images` that `pin` added, by their marks (added_mark.hpp).
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <string>
#include <string_view>

namespace pinhook::files {

/// The text of a kustomization without the entries and tags that are marked, have no digest any more, and still have
/// the tag of their mark. `images` goes with its last entry. malformed: not valid YAML.
[[nodiscard]] result<std::string> without_added_entries(std::string_view text);

}  // namespace pinhook::files
