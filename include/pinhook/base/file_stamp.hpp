// Tells whether a file is the same as it was: so a file that is replaced while a process runs is read again.
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace pinhook {

/// Device and inode, since a mounted ConfigMap or Secret changes by a symbolic link; size and time, since others write
/// in place.
struct file_stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  /// Of the last change.
  std::int64_t nanoseconds = 0;
  friend bool operator==(const file_stamp&, const file_stamp&) = default;
};

/// The stamp of the file behind symbolic links; an empty one when there is no file, and for an empty path.
[[nodiscard]] file_stamp stamp_of(const std::string& path);

}  // namespace pinhook
