#include <pinhook/base/file.hpp>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace pinhook {
namespace {

std::unexpected<error> cannot_read(const std::string& file, int number) {
  const auto code = number == ENOENT || number == ENOTDIR ? error_code::not_found
                    : number == EACCES || number == EPERM ? error_code::denied
                                                          : error_code::unavailable;
  return fail(code, fmt::format("cannot read {}: {}", file, std::strerror(number)));
}

std::unexpected<error> is_no_file(const std::string& file, std::string_view kind) {
  return fail(error_code::invalid_input, fmt::format("cannot read {}: it is a {}, not a regular file", file, kind));
}

std::unexpected<error> has_too_many_bytes(const std::string& file, std::size_t limit) {
  return fail(error_code::invalid_input, fmt::format("{} has more than {} bytes", file, limit));
}

// An unnamed pipe was inherited by this process: /proc/self/fd/N shows "pipe:[number]" for it, and a path for a named
// one.
bool is_unnamed_pipe(int fd) {
  std::array<char, 16> target{};
  const ssize_t size = ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), target.data(), target.size());
  return size > 0 && std::string_view(target.data(), static_cast<std::size_t>(size)).starts_with("pipe:[");
}

// Reads at most `buffer.size()` bytes and returns their number. Negative: see errno.
ssize_t fill(int fd, std::string& buffer) {
  std::size_t used = 0;
  while (used < buffer.size()) {
    const ssize_t got = ::read(fd, buffer.data() + used, buffer.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return got;
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(used);
}

}  // namespace

open_file::~open_file() {
  if (fd_ >= 0) ::close(fd_);
}

result<open_file> open_file::to_read(const std::string& file) {
  // Without O_NONBLOCK the open of a named pipe waits for a writer; O_NOCTTY keeps a terminal from becoming the
  // controlling one.
  open_file out(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat about{};
  if (out.fd_ < 0) {
    const int number = errno;
    // A socket cannot be opened at all.
    if (number == ENXIO && ::stat(file.c_str(), &about) == 0 && S_ISSOCK(about.st_mode))
      return is_no_file(file, "socket");
    return cannot_read(file, number);
  }
  if (::fstat(out.fd_, &about) != 0) return cannot_read(file, errno);
  if (S_ISDIR(about.st_mode)) return cannot_read(file, EISDIR);
  if (S_ISCHR(about.st_mode) || S_ISBLK(about.st_mode)) return is_no_file(file, "device");
  if (S_ISFIFO(about.st_mode)) {
    if (!is_unnamed_pipe(out.fd_)) return is_no_file(file, "named pipe (FIFO)");
    // Its writer may still be writing.
    ::fcntl(out.fd_, F_SETFL, 0);
  } else if (!S_ISREG(about.st_mode)) {
    return is_no_file(file, "special file");
  } else {
    out.size_ = static_cast<std::size_t>(std::max<off_t>(about.st_size, 0));
  }
  return out;
}

result<secret> read_file(const std::string& file, std::size_t limit) {
  const auto opened = open_file::to_read(file);
  if (!opened) return fail(opened.error());
  if (opened->size() > limit) return has_too_many_bytes(file, limit);
  // The memory is allocated at once, with a byte more than expected: a growing string leaves copies of passwords
  // behind.
  std::string buffer((opened->size() == 0 ? limit : opened->size()) + 1, '\0');
  ssize_t got = fill(opened->descriptor(), buffer);
  // The file grew meanwhile.
  if (got > 0 && static_cast<std::size_t>(got) == buffer.size() && buffer.size() <= limit) {
    secret wiped(std::exchange(buffer, std::string(limit + 1, '\0')));
    if (::lseek(opened->descriptor(), 0, SEEK_SET) != 0) return cannot_read(file, errno);
    got = fill(opened->descriptor(), buffer);
  }
  const int number = errno;
  const std::size_t used = got < 0 ? 0 : static_cast<std::size_t>(got);
  buffer.resize(used);
  secret text(std::exchange(buffer, {}));
  if (got < 0) return cannot_read(file, number);
  if (used > limit) return has_too_many_bytes(file, limit);
  return text;
}

}  // namespace pinhook
