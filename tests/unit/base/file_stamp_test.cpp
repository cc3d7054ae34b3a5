#include <pinhook/base/file_stamp.hpp>

#include "support/certificates.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace pinhook {
namespace {

namespace fs = std::filesystem;

TEST(FileStamp, StaysUntilTheFileIsAnother) {
  const testing::temporary_directory files;
  const std::string path = files.write("a", "one").string();
  const file_stamp first = stamp_of(path);
  EXPECT_NE(first, file_stamp());
  EXPECT_EQ(stamp_of(path), first);
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::nanoseconds(1));
  EXPECT_NE(stamp_of(path), first) << "written again within the same second, with the same size";
}

TEST(FileStamp, FollowsASymbolicLink) {
  const testing::temporary_directory files;
  const fs::path link = files.path() / "link";
  fs::create_symlink(files.write("a", "one"), link);
  const file_stamp first = stamp_of(link.string());
  const fs::path other = files.write("b", "two");
  fs::last_write_time(other, fs::last_write_time(files.path() / "a"));
  fs::remove(link);
  fs::create_symlink(other, link);
  EXPECT_NE(stamp_of(link.string()), first);
}

TEST(FileStamp, IsEmptyWithoutAFile) {
  EXPECT_EQ(stamp_of(""), file_stamp());
  EXPECT_EQ(stamp_of("/nowhere/a"), file_stamp());
}

}  // namespace
}  // namespace pinhook
