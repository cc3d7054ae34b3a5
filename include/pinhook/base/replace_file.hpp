// Writing files whole or not at all.
//
//   if (auto written = replace_file("deploy/web.yaml", text); !written) return fail(written.error());
//
// Any thread; blocks for as long as the disk does.
#pragma once

#include <pinhook/base/error.hpp>

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

namespace pinhook {

/// What can fail on the way, in its order, as the system calls of those names have it. Tests refuse one at a time.
struct replace_calls {
  std::function<int(const char* path, int flags, mode_t mode)> open;
  std::function<ssize_t(int fd, const void* data, std::size_t size)> write;
  std::function<int(int fd, uid_t owner, gid_t group)> fchown;
  std::function<int(int fd, mode_t mode)> fchmod;
  std::function<int(int fd)> fsync;
  std::function<int(int fd)> close;
  std::function<int(const char* from, const char* to)> rename;
};

/// The machine's own.
[[nodiscard]] const replace_calls& machine_replace_calls();

/// The file has `text` afterwards, or is as it was: a temporary file beside it, fsync, rename, fsync of the directory.
/// Mode is kept, owner and group as far as this process may (a set-user-ID bit goes with its owner); a link is followed
/// and stays one; a file that is not there yet gets 0644 less the umask. Other hard links keep the old text. The
/// temporary file is gone after an error.
/// denied: may not be written; not_found: no such directory; invalid_input: no regular file, a name that cannot be one;
/// unavailable: another failure of the disk. Messages name the file. Only when the directory cannot be brought to the
/// disk has the file the new text after an error, and the message says so.
[[nodiscard]] result<void> replace_file(const std::string& path, std::string_view text,
                                        const replace_calls& calls = machine_replace_calls());

}  // namespace pinhook
