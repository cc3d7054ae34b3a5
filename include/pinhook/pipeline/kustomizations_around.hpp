// The kustomizations that may take in a file of a run, whether or not the run names them: an overlay that stands beside
// its base gives the base's images other names, and compares their tags, when only the base is pinned.
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pinhook::pipeline {

/// Files of a work tree of git beyond which nothing is looked for outside the run. Large repositories of manifests have
/// some ten thousand.
inline constexpr std::size_t max_files_around = 20'000;
/// Directories that are looked into where there is no work tree.
inline constexpr std::size_t max_directories_around = 1'000;

/// Those among `paths`, in their order, and then those beside them: of the work tree of git without what git ignores;
/// where there is none, in the directory above that of a file and two levels below it. Files are found by the names
/// that kustomize reads. What cannot be read counts as not there. Paths are relative where those of the run are.
[[nodiscard]] std::vector<std::string> kustomizations_around(const std::vector<std::string>& paths);

}  // namespace pinhook::pipeline
