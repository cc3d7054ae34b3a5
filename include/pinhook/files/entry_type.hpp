// The type of a directory's entry, without a question to the system where the directory has told it with the name, as
// nearly all file systems do. (directory_entry::symlink_status asks each time.)
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <filesystem>
#include <system_error>

namespace pinhook::files {

/// Of the entry itself, not of what a link leads to. `unknown` for other types than these three, and for an entry that
/// is gone.
[[nodiscard]] inline std::filesystem::file_type type_of_entry(const std::filesystem::directory_entry& entry) {
  std::error_code gone;
  if (entry.is_symlink(gone)) return std::filesystem::file_type::symlink;
  if (entry.is_directory(gone)) return std::filesystem::file_type::directory;
  if (entry.is_regular_file(gone)) return std::filesystem::file_type::regular;
  return std::filesystem::file_type::unknown;
}

}  // namespace pinhook::files
