#include <pinhook/base/file.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace pinhook {
namespace {

std::unexpected<error> cannot_read(const std::string& file, int number) {
  const auto code = number == ENOENT || number == ENOTDIR ? error_code::not_found
                    : number == EACCES                    ? error_code::denied
                                                          : error_code::unavailable;
  return fail(code, fmt::format("cannot read {}: {}", file, std::strerror(number)));
}

}  // namespace

result<secret> read_file(const std::string& file, std::size_t limit) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot_read(file, errno);
  // All at once, and a byte more than may be: a string that grows leaves copies of passwords behind.
  std::string buffer(limit + 1, '\0');
  std::size_t used = 0;
  ssize_t got = 1;
  while (got != 0 && used < buffer.size()) {
    got = ::read(fd, buffer.data() + used, buffer.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    used += static_cast<std::size_t>(got);
  }
  const int number = errno;
  ::close(fd);
  buffer.resize(used);
  secret text(std::exchange(buffer, {}));
  if (got < 0) return cannot_read(file, number);
  if (used > limit) return fail(error_code::invalid_input, fmt::format("{} has more than {} bytes", file, limit));
  return text;
}

}  // namespace pinhook
