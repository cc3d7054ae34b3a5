// Writing files whole or not at all.
//
// Any thread; blocks for as long as the disk does.
#pragma once

#include <pinhook/base/error.hpp>

#include <string>
#include <string_view>

namespace pinhook {

/// The file has `text` afterwards, or is as it was: a temporary file beside it, fsync, rename, fsync of the directory.
/// Mode is kept, owner and group as far as this process may; a link is followed and stays one; a file that is not there
/// yet gets 0644 less the umask. The temporary file is gone after an error.
/// denied: may not be written; not_found: no such directory; unavailable: another failure of the disk.
[[nodiscard]] result<void> replace_file(const std::string& path, std::string_view text);

}  // namespace pinhook
