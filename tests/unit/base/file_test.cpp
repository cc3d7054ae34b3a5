#include <pinhook/base/file.hpp>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

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

// A named pipe waits for a writer, and a device may never end.
TEST_F(File, ThatIsNoFileIsRefusedAtOnce) {
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  const auto fifo = read_file(file, 100);
  ASSERT_FALSE(fifo);
  EXPECT_EQ(fifo.error().code, error_code::invalid_input);
  EXPECT_EQ(fifo.error().message, "cannot read " + file + ": it is a named pipe (FIFO), not a regular file");
  EXPECT_EQ(read_file("/dev/zero", 100).error().message, "cannot read /dev/zero: it is a device, not a regular file");
  const std::string at = (folder / "socket").string();
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  at.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(read_file(at, 100).error().message, "cannot read " + at + ": it is a socket, not a regular file");
  ::close(fd);
  fs::create_symlink(file, folder / "link");
  EXPECT_EQ(read_file((folder / "link").string(), 100).error().code, error_code::invalid_input);
}

// <(command) of a shell.
TEST_F(File, MayBeAPipeThatWasHandedOver) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  std::thread writer([&] {
    EXPECT_EQ(::write(ends[1], "some", 4), 4);
    ::close(ends[1]);
  });
  const auto got = read_file("/dev/fd/" + std::to_string(ends[0]), 100);
  writer.join();
  ::close(ends[0]);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->reveal(), "some");
}

// It says no size, and has one.
TEST_F(File, MayComeFromAFileSystemThatSaysNoSize) {
  const auto got = read_file("/proc/self/status", 100'000);
  ASSERT_TRUE(got);
  EXPECT_FALSE(got->is_empty());
  EXPECT_EQ(read_file("/proc/self/status", 10).error().code, error_code::invalid_input);
}

// A tebibyte, more than any machine's memory.
TEST_F(File, OverTheLimitIsKnownBeforeMemoryIsTaken) {
  write("");
  ASSERT_EQ(::truncate(file.c_str(), off_t{1} << 40), 0);
  const auto got = read_file(file, std::size_t{1} << 39);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::invalid_input);
}

TEST_F(File, ThatMayNotBeReadIsDenied) {
  write("x");
  ASSERT_EQ(::chmod(file.c_str(), 0), 0);
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  EXPECT_EQ(read_file(file, 100).error().code, error_code::denied);
}

}  // namespace
}  // namespace pinhook
