// Small files: configuration, tokens, passwords.
//
// Only what is a file is read. To open a named pipe or a device may wait for ever for who writes into it, and a device
// may never end; both are refused in words. A pipe that the process was given open (/dev/fd/63, what a shell makes of
// <(…)) is read: somebody holds its other end.
//
// Any thread; blocks for as long as the disk does (see base/side_thread).
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace pinhook {

/// An open file, closed at the end.
class open_file {
 public:
  /// Errors: not_found (no such file), denied (may not be read), invalid_input (a named pipe, a device, a socket),
  /// unavailable (a directory, or another failure).
  [[nodiscard]] static result<open_file> to_read(const std::string& file);
  open_file(open_file&& other) noexcept : fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}
  open_file& operator=(open_file&&) = delete;
  ~open_file();

  [[nodiscard]] int descriptor() const { return fd_; }
  /// What the file system says; 0 also where it does not say (pipes, /proc).
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  explicit open_file(int fd) : fd_(fd) {}
  int fd_;
  std::size_t size_ = 0;
};

/// The whole file. Errors as open_file::to_read; invalid_input also for more than `limit` bytes, which is known before
/// memory is taken for them wherever the file system says a size.
[[nodiscard]] result<secret> read_file(const std::string& file, std::size_t limit);

}  // namespace pinhook
