// The entries of a directory by their names and types, without a question to the system for each where the directory
// tells its type with the name, as nearly all file systems do. A path of each entry, as std::filesystem makes them,
// costs more than the reading.
//
//   const auto failed = each_entry("deploy", [&](std::string_view name, fs::file_type type) {
//     if (type == fs::file_type::directory) below.emplace_back(name);
//     return true;
//   });
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>

namespace pinhook::files {

/// The type is of the entry itself, not of what a link leads to: regular, directory, symlink; `unknown` for other
/// types, and for an entry that is gone. False ends the reading.
using entry_taker = std::function<bool(std::string_view name, std::filesystem::file_type type)>;

/// Gives each entry but "." and ".." to `take`, in no order. The error: the directory cannot be opened, or not be read
/// to its end.
[[nodiscard]] std::error_code each_entry(const std::string& directory, const entry_taker& take);

}  // namespace pinhook::files
