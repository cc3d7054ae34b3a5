// The rewrites of a registries.yaml: Go's regular expressions on the names of repositories.
//
//   auto made = make_name_rewrite({{"^rancher/(.*)", "mirror/rancher-$1"}});
//   (*made)("rancher/k3s")   // "mirror/rancher-k3s"
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::access {

/// Bytes of a pattern or of its replacement, and of the memory that a compiled pattern may take.
inline constexpr std::size_t max_rewrite_text = 1024;
inline constexpr std::size_t max_rewrite_memory = std::size_t{1024} * 1024;

/// Pattern and replacement ("$1", "${1}", "${name}"; "$$" is a dollar), as Go's regexp.ReplaceAllString has them; in
/// the order of the file, the first that changes the name counts. invalid_input: the pattern is not valid, or too long.
[[nodiscard]] result<std::function<std::string(const std::string&)>> make_name_rewrite(
    const std::vector<std::pair<std::string, std::string>>& rules);

}  // namespace pinhook::access
