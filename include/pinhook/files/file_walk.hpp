// The search for the files to read by the arguments of the command line (files, directories, globs).
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

/// Limit of the files of one run. A monorepo has some ten thousand manifests.
inline constexpr std::size_t max_files = 200'000;
/// Limit of nested directories. Real trees have about ten; a file system that contains itself has no end.
inline constexpr std::size_t max_walk_depth = 64;

struct found_files {
  /// Each file once, as the user would write it: "deploy/web.yaml". Arguments keep their order; the files of one
  /// argument are sorted by bytes. A file named on the command line keeps the exact text of the argument.
  std::vector<std::string> paths;
  /// For each argument, the indices in `paths` of the files that it names or finds, also those that another argument
  /// has first.
  std::vector<std::vector<std::size_t>> of_argument;
  /// For each of `paths`: a directory gave it, with walk_limits::takes_foreign, and its language is not read.
  std::vector<bool> is_foreign{};
};

struct walk_limits {
  std::size_t files = max_files;
  std::size_t depth = max_walk_depth;
  /// A directory also gives the files of foreign_files.hpp.
  bool takes_foreign = false;
};

/// A named file is taken whatever its name is, even when git ignores it. A directory gives every *.yaml, *.yml and
/// *.json below it, files called Kustomization, Dockerfiles and others of known_forms.hpp. Files ignored by .gitignore
/// files (of the directory, those below it, and those above it up to the root of the repository) or by
/// .git/info/exclude are left out, as are `.git` directories. A named directory is read even when it is ignored itself.
/// Links to directories are not followed; links to files are taken unless the file itself is found. An argument with
/// `*`, `?` or `[` that names no file is a glob (see path_pattern): `*` within a part, `**` across parts; ignored files
/// are left out as above. A directory that matches is read. When the last part is `*` or `**` alone the glob finds
/// files of the names above, otherwise of any name. not_found: no such file, or a glob that finds nothing; denied: no
/// permission to read a directory; invalid_input: more than the limits, or a glob that cannot match anything. Messages
/// name the path.
[[nodiscard]] result<found_files> find_files(const std::vector<std::string>& words, walk_limits limits = {});

}  // namespace pinhook::files
