#include <pinhook/base/file.hpp>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace pinhook {
namespace {

namespace fs = std::filesystem;

struct File : ::testing::Test {
  fs::path folder;
  std::string file;

  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "pinhook-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    file = (folder / "token").string();
  }
  void TearDown() override { fs::remove_all(folder); }

  void write(const std::string& text) const { std::ofstream(file, std::ios::binary) << text; }
};

TEST_F(File, IsReadAsItIs) {
  for (const std::string& text : {std::string(), std::string("a\n"), std::string("\0\xff\r\n", 4)}) {
    write(text);
    const auto got = read_file(file, 100);
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->reveal(), text);
  }
}

TEST_F(File, MayHaveAsManyBytesAsTheLimitAndNoMore) {
  write(std::string(1000, 'x'));
  EXPECT_EQ(read_file(file, 1000).value().reveal().size(), 1000U);
  const auto got = read_file(file, 999);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::invalid_input);
  EXPECT_EQ(got.error().message, file + " has more than 999 bytes");
}

TEST_F(File, MayBeLargerThanOneReadGives) {
  const std::string text(300'000, 'y');
  write(text);
  EXPECT_EQ(read_file(file, text.size()).value().reveal(), text);
}

TEST_F(File, ThatIsNotThereIsNotFound) {
  const auto missing = read_file(file, 100);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, error_code::not_found);
  EXPECT_EQ(missing.error().message, "cannot read " + file + ": No such file or directory");
  write("x");
  EXPECT_EQ(read_file(file + "/below", 100).error().code, error_code::not_found);
}

TEST_F(File, ThatIsAFolderIsUnavailable) {
  const auto got = read_file(folder.string(), 100);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unavailable);
  EXPECT_EQ(got.error().message, "cannot read " + folder.string() + ": Is a directory");
}

TEST_F(File, ThatMayNotBeReadIsDenied) {
  write("x");
  ASSERT_EQ(::chmod(file.c_str(), 0), 0);
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  EXPECT_EQ(read_file(file, 100).error().code, error_code::denied);
}

}  // namespace
}  // namespace pinhook
