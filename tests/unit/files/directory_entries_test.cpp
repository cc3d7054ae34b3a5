#include <pinhook/files/directory_entries.hpp>

#include "support/certificates.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>

namespace pinhook::files {
namespace {

namespace fs = std::filesystem;

TEST(DirectoryEntries, HaveTheirOwnTypesAndNotThoseOfLinks) {
  const testing::temporary_directory folder;
  const fs::path at = folder.path();
  std::ofstream(at / "file.yaml") << "a: 1\n";
  std::ofstream(at / ".hidden") << "";
  fs::create_directory(at / "below");
  std::ofstream(at / "below" / "inner.yaml") << "";
  fs::create_symlink("file.yaml", at / "link");
  fs::create_directory_symlink("below", at / "link of a directory");
  fs::create_symlink("nowhere", at / "dangling");
  ASSERT_EQ(::mkfifo((at / "pipe").c_str(), 0600), 0);
  std::map<std::string, fs::file_type> found;
  const auto failed = each_entry(at.string(), [&](std::string_view name, fs::file_type type) {
    EXPECT_TRUE(found.emplace(name, type).second) << name;
    return true;
  });
  EXPECT_FALSE(failed) << failed.message();
  using enum fs::file_type;
  const std::map<std::string, fs::file_type> wanted{{"file.yaml", regular}, {".hidden", regular},
                                                    {"below", directory},   {"link", symlink},
                                                    {"pipe", unknown},      {"link of a directory", symlink},
                                                    {"dangling", symlink}};
  EXPECT_EQ(found, wanted);
}

TEST(DirectoryEntries, EndWhereTheTakerWants) {
  const testing::temporary_directory folder;
  for (const char* name : {"a", "b", "c"}) std::ofstream(fs::path(folder.path()) / name) << "";
  std::size_t count = 0;
  EXPECT_FALSE(each_entry(folder.path().string(), [&](std::string_view, fs::file_type) { return ++count < 2; }));
  EXPECT_EQ(count, 2U);
}

TEST(DirectoryEntries, OfNoDirectoryAreAnError) {
  const testing::temporary_directory folder;
  const fs::path at = folder.path();
  std::ofstream(at / "file") << "";
  const auto none = [](std::string_view, fs::file_type) -> bool {
    ADD_FAILURE();
    return true;
  };
  EXPECT_EQ(each_entry((at / "missing").string(), none), std::errc::no_such_file_or_directory);
  EXPECT_EQ(each_entry((at / "file").string(), none), std::errc::not_a_directory);
}

}  // namespace
}  // namespace pinhook::files
