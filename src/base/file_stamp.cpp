#include <pinhook/base/file_stamp.hpp>

#include <sys/stat.h>

namespace pinhook {

file_stamp stamp_of(const std::string& path) {
  struct ::stat found{};
  if (path.empty() || ::stat(path.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino, found.st_size,
          found.st_mtim.tv_sec * std::int64_t{1'000'000'000} + found.st_mtim.tv_nsec};
}

}  // namespace pinhook
