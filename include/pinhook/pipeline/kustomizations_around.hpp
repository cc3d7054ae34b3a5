// The kustomizations that may include a file of a run, whether or not the run names them: an overlay beside its base
// gives the base's images other names, and compares their tags, also when only the base is pinned.
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pinhook::pipeline {

/// Limit of a git work tree's files: in a larger one only the run's own files are searched. Large repositories of
/// manifests have some ten thousand.
inline constexpr std::size_t max_files_around = 20'000;
/// Limit of directories to search where there is no work tree.
inline constexpr std::size_t max_directories_around = 1'000;

/// First the kustomizations among `paths`, in their order, then those around them: in the git work tree without files
/// that git ignores; where there is none, in the directory above that of a file and two levels below it. Files are
/// found by the names that kustomize reads. A directory that cannot be read counts as missing. Paths are relative where
/// those of the run are.
[[nodiscard]] std::vector<std::string> kustomizations_around(const std::vector<std::string>& paths);

}  // namespace pinhook::pipeline
