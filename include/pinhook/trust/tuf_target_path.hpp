// The paths of targets in a TUF repository: "trusted_root.json", "registry.npmjs.org/keys.json".
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

/// The name that a target is stored under: what follows the last slash.
[[nodiscard]] std::string_view last_part(std::string_view path);

/// An error (invalid_input) names the first target that cannot be stored, since its name cannot be a key of a ConfigMap
/// and a file in a directory, or since another one has the same.
[[nodiscard]] result<void> check_targets(const std::vector<std::string>& targets);

/// For a URL, as python's urllib.parse.quote does, by which repositories name their files; the slashes stay.
[[nodiscard]] std::string encoded_path(std::string_view path);

}  // namespace pinhook::trust
