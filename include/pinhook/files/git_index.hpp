// The files that git tracks, from the index of a work tree (gitformat-index(5), versions 2 to 4). Ignore rules do not
// apply to them.
//
//   const auto index = git_index::read(".git/index");
//   index.has_file("deploy/web.yaml");
//
// Immutable; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// Limit of an index in bytes; the largest public repositories have some 60 MB.
inline constexpr std::size_t max_index_size = std::size_t{256} * 1024 * 1024;

class git_index {
 public:
  git_index() = default;
  /// Without names when there is no index, or it cannot be read or understood (a split index).
  [[nodiscard]] static git_index read(const std::string& path);
  [[nodiscard]] static git_index parse(std::string_view bytes);

  /// `path`: relative to the root of the work tree, "deploy/web.yaml".
  [[nodiscard]] bool has_file(std::string_view path) const;
  /// True when a file below the directory is tracked.
  [[nodiscard]] bool has_below(std::string_view directory) const;

 private:
  [[nodiscard]] std::string_view name(std::size_t i) const;
  /// The index of the first name that is not before `path`.
  [[nodiscard]] std::size_t place_of(std::string_view path) const;

  /// All names behind each other, in the order of their bytes; an end for each.
  std::string names_;
  std::vector<std::size_t> ends_;
};

}  // namespace pinhook::files
