// The git ignore rules above a directory, read from the disk.
//
//   auto tree = work_tree_around("deploy/base");
//   tree->rules.ignores(tree->inside + "/web.yaml", false);
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/gitignore.hpp>

#include <cstddef>
#include <string>

namespace pinhook::files {

/// Limit of a .gitignore file in bytes. Large files have some ten thousand; lists of names that tools write have a
/// hundred thousand.
inline constexpr std::size_t max_gitignore_size = std::size_t{1024} * 1024;

struct work_tree {
  /// .git/info/exclude, then each .gitignore from the root down to the directory above the requested one.
  gitignore rules;
  /// The requested directory, relative to the root: "deploy/base"; "" when it is the root.
  std::string inside;
  /// The same without links, from "/".
  std::string real_path;
  /// The file of the index, which need not exist; empty where there is no `.git`.
  std::string index;
};

/// The root is the nearest directory with a `.git` (a directory, or the file of a linked work tree or submodule); the
/// directory itself when there is none. Errors name the file: not_found, denied, unavailable; invalid_input: more than
/// max_gitignore_size.
[[nodiscard]] result<work_tree> work_tree_around(const std::string& directory);

/// Adds the rules of `directory`/.gitignore; `inside` is the directory's place in the work tree. False: there is none,
/// or it is a link, which git does not follow. Errors as above.
[[nodiscard]] result<bool> add_gitignore_of(const std::string& directory, const std::string& inside, gitignore& to);

}  // namespace pinhook::files
