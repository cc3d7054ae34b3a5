// Small files: configuration, tokens, passwords.
//
// Only regular files are read. Opening a named pipe or a device may wait for ever for a writer, and a device may never
// end; both are refused with a message. An inherited pipe (/dev/fd/63, made by a shell for <(…)) is read, because its
// other end is open.
//
// Any thread; blocks for as long as the disk does (see base/side_thread).
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace pinhook {

/// An open file, closed on destruction.
class open_file {
 public:
  /// Errors: not_found (no such file), denied (no permission to read it), invalid_input (a named pipe, a device, a
  /// socket), unavailable (a directory, or another failure).
  [[nodiscard]] static result<open_file> to_read(const std::string& file);
  open_file(open_file&& other) noexcept : fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}
  open_file& operator=(open_file&&) = delete;
  ~open_file();

  [[nodiscard]] int descriptor() const { return fd_; }
  /// The file system's value; 0 also where it gives none (pipes, /proc).
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  explicit open_file(int fd) : fd_(fd) {}
  int fd_;
  std::size_t size_ = 0;
};

/// The whole file. Errors as open_file::to_read; invalid_input also for more than `limit` bytes; where the file system
/// gives a size, this is checked before memory is allocated.
[[nodiscard]] result<secret> read_file(const std::string& file, std::size_t limit);

}  // namespace pinhook
