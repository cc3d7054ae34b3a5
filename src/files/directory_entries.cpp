#include <pinhook/files/directory_entries.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace pinhook::files {
namespace {

namespace fs = std::filesystem;

struct directory_closer {
  void operator()(DIR* open) const noexcept { ::closedir(open); }
};
using open_directory = std::unique_ptr<DIR, directory_closer>;

open_directory directory_at(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return nullptr;
  open_directory out(::fdopendir(fd));
  if (!out) {
    const int number = errno;
    ::close(fd);
    errno = number;
  }
  return out;
}

// For file systems that do not tell it with the name (readdir(3), d_type).
fs::file_type asked_type(DIR* open, const char* name) {
  struct stat about{};
  if (::fstatat(::dirfd(open), name, &about, AT_SYMLINK_NOFOLLOW) != 0) return fs::file_type::unknown;
  if (S_ISLNK(about.st_mode)) return fs::file_type::symlink;
  if (S_ISDIR(about.st_mode)) return fs::file_type::directory;
  return S_ISREG(about.st_mode) ? fs::file_type::regular : fs::file_type::unknown;
}

fs::file_type entry_type(DIR* open, const dirent& entry) {
  switch (entry.d_type) {
    case DT_LNK:
      return fs::file_type::symlink;
    case DT_DIR:
      return fs::file_type::directory;
    case DT_REG:
      return fs::file_type::regular;
    case DT_UNKNOWN:
      return asked_type(open, &entry.d_name[0]);
    default:
      return fs::file_type::unknown;
  }
}

}  // namespace

std::error_code each_entry(const std::string& directory, const entry_taker& take) {
  const open_directory open = directory_at(directory);
  if (!open) return {errno, std::generic_category()};
  for (;;) {
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this stream.
    const dirent* entry = ::readdir(open.get());
    if (entry == nullptr) return {errno, std::generic_category()};
    const std::string_view name(&entry->d_name[0]);
    if (name == "." || name == "..") continue;
    if (!take(name, entry_type(open.get(), *entry))) return {};
  }
}

}  // namespace pinhook::files
