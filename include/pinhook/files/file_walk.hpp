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
/// Directories within each other. People stop at ten; a file system that contains itself does not.
inline constexpr std::size_t max_walk_depth = 64;

struct found_files {
  /// Each once, as the person would write it: "deploy/web.yaml". What one argument gives in the order of the bytes,
  /// arguments in their order. A file that is named stands here exactly as it was written.
  std::vector<std::string> paths;
};

struct walk_limits {
  std::size_t files = max_files;
  std::size_t depth = max_walk_depth;
};

/// A file that is named is taken whatever its name and whatever git ignores. A directory gives every *.yaml, *.yml and
/// *.json below it, and files called Kustomization; not what .gitignore files (of the directory, those below it, and
/// those above it up to the root of the repository), .git/info/exclude or a `.git` directory leave out. The directory
/// that is named is looked into even when it is ignored itself. Links to directories are not followed; links to files
/// are taken unless the file is there itself. A word with `*`, `?` or `[` that names no file is a glob (see
/// path_pattern): `*` within a part, `**` across parts; what it finds is left out as above. A directory that it finds
/// is looked into; when its last part is `*` or `**` alone it finds files of the names above, otherwise of any name.
/// not_found: no such file, or a glob that finds nothing; denied: a directory that may not be read; invalid_input: more
/// than the limits, or a glob that can match nothing. Messages name the path.
[[nodiscard]] result<found_files> find_files(const std::vector<std::string>& words, walk_limits limits = {});

}  // namespace pinhook::files
