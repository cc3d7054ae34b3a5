// From what a person names (files, directories, globs) to the files that are read.
//
//   auto found = files::find_files({"deploy", "base/*.yaml", "charts/**/values.yaml"});
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace pinhook::files {

/// Files of one run. A monorepo's manifests are some ten thousand.
inline constexpr std::size_t max_files = 200'000;
inline constexpr std::size_t max_walk_depth = 64;

struct found_files {
  /// Each once, as the person would write it: "deploy/web.yaml". Those of one directory sorted by their bytes, arguments
  /// in their order.
  std::vector<std::string> paths;
};

/// A file that is named is taken whatever its name and whatever git ignores. A directory gives every *.yaml, *.yml and
/// *.json below it, and files called Kustomization; not what .gitignore files (of the directory, those below it, and
/// those above it up to the root of the repository), .git/info/exclude or a `.git` directory leave out. Links to
/// directories are not followed, links to files are taken once. A word with `*`, `?` or `[` that names no file is a
/// glob: `*` within a part, `**` across parts; what it finds in directories is ignored as above.
/// not_found: no such file, or a glob that finds nothing; denied: a directory that may not be read; invalid_input: more
/// than max_files.
[[nodiscard]] result<found_files> find_files(const std::vector<std::string>& words);

}  // namespace pinhook::files
