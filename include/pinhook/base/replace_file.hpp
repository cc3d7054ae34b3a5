// Writes files completely or not at all.
//
//   if (auto written = replace_file("deploy/web.yaml", text); !written) return fail(written.error());
//
// Any thread; blocks for as long as the disk does.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/text_mark.hpp>

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook {

/// The steps that can fail, in their order, with the signatures of the system calls. Tests make one at a time fail.
struct replace_calls {
  std::function<int(const char* path, int flags, mode_t mode)> open;
  std::function<ssize_t(int fd, const void* data, std::size_t size)> write;
  std::function<int(int fd, uid_t owner, gid_t group)> fchown;
  std::function<int(int fd, mode_t mode)> fchmod;
  std::function<int(int fd)> fsync;
  std::function<int(int fd)> close;
  std::function<int(const char* from, const char* to)> rename;
};

/// The machine's own calls.
[[nodiscard]] const replace_calls& machine_replace_calls();

/// Afterwards the file has `text`, or is unchanged: a temporary file beside it, fsync, rename, fsync of the directory.
/// The mode is kept, owner and group as far as this process is allowed (a set-user-ID bit is lost with its owner); a
/// link is followed and stays one; a new file gets 0644 less the umask. Other hard links keep the old text. The
/// temporary file is removed after an error. denied: no permission to write; not_found: no such directory;
/// invalid_input: not a regular file, an invalid name; unavailable: another failure of the disk. Messages name the
/// file. After an error the file has the new text only when the directory could not be synced, and the message says so.
[[nodiscard]] result<void> replace_file(const std::string& path, std::string_view text,
                                        const replace_calls& calls = machine_replace_calls());

struct file_text {
  std::string path;
  std::string_view text;
  /// Of the text that the file must still have (a file that does not exist has an empty one); none: any.
  std::optional<text_mark> before{};
};

/// Several files likewise: all are written beside the old ones before the first takes its place, so a disk that is
/// full, a file that must not be written or one that somebody has changed (unavailable) leaves all of them as they
/// were. They take their places in this order; the message says so where some of them have when one cannot.
[[nodiscard]] result<void> replace_files(const std::vector<file_text>& files,
                                         const replace_calls& calls = machine_replace_calls());

}  // namespace pinhook
