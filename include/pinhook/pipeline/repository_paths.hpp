// Where things are in the checkout of a repository: what objects name by a path from its root, and the kustomization of
// a folder.
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::pipeline {

/// Folders above a file of which one may be the root of its repository.
inline constexpr std::size_t max_folders_above = 16;

/// What `file` names by a path from the root of its repository, or of another one of which a folder above it is a copy:
/// the nearest of that type (regular, directory). Empty: it is not there, or the path holds a template or leads out.
[[nodiscard]] std::filesystem::path in_repository(const std::string& file, std::string_view name,
                                                  std::filesystem::file_type type);

/// The path of the directory's kustomization; none: it has none.
[[nodiscard]] std::optional<std::string> kustomization_in(const std::filesystem::path& directory);

}  // namespace pinhook::pipeline
