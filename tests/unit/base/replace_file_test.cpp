#include <pinhook/base/replace_file.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace pinhook {
namespace {

namespace fs = std::filesystem;

struct ReplaceFile : ::testing::Test {
  fs::path folder;
  std::string file;

  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "pinhook-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    file = (folder / "web.yaml").string();
  }
  void TearDown() override { fs::remove_all(folder); }

  static void write(const fs::path& to, const std::string& text) { std::ofstream(to, std::ios::binary) << text; }
  static std::string read(const fs::path& from) {
    std::ifstream in(from, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Names in the folder, so that a temporary file that stays is seen.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(folder)) out.push_back(entry.path().filename().string());
    std::ranges::sort(out);
    return out;
  }
  static mode_t mode_of(const fs::path& of) {
    struct stat found{};
    EXPECT_EQ(::stat(of.c_str(), &found), 0);
    return found.st_mode & 07777U;
  }
};

TEST_F(ReplaceFile, GivesTheFileTheText) {
  for (const std::string& text :
       {std::string(), std::string("a\r\n"), std::string("\0\xff", 2), std::string(300'000, 'x')}) {
    write(file, "old");
    const auto done = replace_file(file, text);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(read(file), text);
    EXPECT_EQ(names(), std::vector<std::string>{"web.yaml"});
  }
}

TEST_F(ReplaceFile, MakesAFileThatIsNotThere) {
  const mode_t before = ::umask(027);
  const auto done = replace_file(file, "new");
  ::umask(before);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(read(file), "new");
  EXPECT_EQ(mode_of(file), 0640U);
}

TEST_F(ReplaceFile, KeepsTheModeWhateverTheUmask) {
  for (const mode_t mode : {0600U, 0640U, 0666U, 0755U, 04711U}) {
    write(file, "old");
    ASSERT_EQ(::chmod(file.c_str(), mode), 0);
    const mode_t before = ::umask(077);
    const auto done = replace_file(file, "new");
    ::umask(before);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(mode_of(file), mode);
  }
}

TEST_F(ReplaceFile, KeepsOwnerAndGroupWhereItMay) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  write(file, "old");
  ASSERT_EQ(::chown(file.c_str(), 12345, 54321), 0);
  ASSERT_EQ(::chmod(file.c_str(), 04750), 0);
  ASSERT_TRUE(replace_file(file, "new"));
  struct stat found{};
  ASSERT_EQ(::stat(file.c_str(), &found), 0);
  EXPECT_EQ(found.st_uid, 12345U);
  EXPECT_EQ(found.st_gid, 54321U);
  EXPECT_EQ(mode_of(file), 04750U);
}

TEST_F(ReplaceFile, GivesNobodyElseTheRightsOfAnOwnerItCannotKeep) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  write(file, "old");
  ASSERT_EQ(::chown(file.c_str(), 12345, 54321), 0);
  ASSERT_EQ(::chmod(file.c_str(), 06774), 0);
  auto calls = machine_replace_calls();
  calls.fchown = [](int, uid_t, gid_t) {
    errno = EPERM;
    return -1;
  };
  ASSERT_TRUE(replace_file(file, "new", calls));
  EXPECT_EQ(mode_of(file), 0744U);
  // The group alone can be kept.
  ASSERT_EQ(::chown(file.c_str(), 12345, 54321), 0);
  ASSERT_EQ(::chmod(file.c_str(), 06774), 0);
  calls.fchown = [](int fd, uid_t owner, gid_t group) {
    if (owner == static_cast<uid_t>(-1)) return ::fchown(fd, owner, group);
    errno = EPERM;
    return -1;
  };
  ASSERT_TRUE(replace_file(file, "newer", calls));
  EXPECT_EQ(mode_of(file), 0774U);
}

TEST_F(ReplaceFile, FollowsLinksAndLeavesThem) {
  fs::create_directory(folder / "real");
  write(folder / "real/web.yaml", "old");
  fs::create_symlink("real/web.yaml", folder / "near");
  fs::create_symlink(folder / "near", file);
  ASSERT_TRUE(replace_file(file, "new"));
  EXPECT_TRUE(fs::is_symlink(file));
  EXPECT_TRUE(fs::is_symlink(folder / "near"));
  EXPECT_EQ(read(folder / "real/web.yaml"), "new");
  EXPECT_EQ(names(), (std::vector<std::string>{"near", "real", "web.yaml"}));
}

TEST_F(ReplaceFile, MakesTheFileThatALinkNames) {
  fs::create_symlink("later.yaml", file);
  ASSERT_TRUE(replace_file(file, "new"));
  EXPECT_TRUE(fs::is_symlink(file));
  EXPECT_EQ(read(folder / "later.yaml"), "new");
}

TEST_F(ReplaceFile, TakesNamesInTheWorkingDirectoryAndOfTheGreatestLength) {
  const fs::path before = fs::current_path();
  fs::current_path(folder);
  const auto here = replace_file("web.yaml", "new");
  fs::current_path(before);
  ASSERT_TRUE(here) << here.error().message;
  EXPECT_EQ(read(file), "new");
  const auto longest = replace_file((folder / std::string(255, 'n')).string(), "new");
  ASSERT_TRUE(longest) << longest.error().message;
  EXPECT_EQ(read(folder / std::string(255, 'n')), "new");
}

TEST_F(ReplaceFile, LeavesOtherHardLinksTheOldText) {
  write(file, "old");
  fs::create_hard_link(file, folder / "other");
  ASSERT_TRUE(replace_file(file, "new"));
  EXPECT_EQ(read(folder / "other"), "old");
}

TEST_F(ReplaceFile, RefusesWhatCannotBeAFile) {
  write(folder / "plain", "");
  fs::create_symlink("b", folder / "a");
  fs::create_symlink("a", folder / "b");
  fs::create_directory(folder / "directory");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const struct {
    std::string path;
    error_code code;
    std::string why;
  } rows[] = {
      {"", error_code::invalid_input, "Invalid argument"},
      {std::string("a\0b", 3), error_code::invalid_input, "Invalid argument"},
      {(folder / "none/web.yaml").string(), error_code::not_found, "No such file or directory"},
      {(folder / "plain/web.yaml").string(), error_code::not_found, "Not a directory"},
      {(folder / std::string(256, 'n')).string(), error_code::invalid_input, "File name too long"},
      {(folder / "a").string(), error_code::invalid_input, "Too many levels of symbolic links"},
      {(folder / "directory").string(), error_code::invalid_input, "it is not a regular file"},
      {(folder / "pipe").string(), error_code::invalid_input, "it is not a regular file"},
      {"/dev/full", error_code::invalid_input, "it is not a regular file"},
  };
  const auto before = names();
  for (const auto& row : rows) {
    const auto done = replace_file(row.path, "new");
    ASSERT_FALSE(done) << row.path;
    EXPECT_EQ(done.error().code, row.code) << row.path;
    EXPECT_EQ(done.error().message, "cannot write " + row.path + ": " + row.why);
  }
  EXPECT_EQ(names(), before);
}

// Root may write everything: while this lives, the process has no rights.
struct without_root {
  without_root() {
    if (before == 0 && ::seteuid(65534) != 0) ADD_FAILURE() << "root stays root";
  }
  ~without_root() { EXPECT_EQ(::seteuid(before), 0); }
  uid_t before = ::geteuid();
};

TEST_F(ReplaceFile, RespectsWriteProtection) {
  write(file, "old");
  ASSERT_EQ(::chmod(file.c_str(), 0444), 0);
  ASSERT_EQ(::chmod(folder.c_str(), 0777), 0);
  const auto of_file = [&] {
    const without_root now;
    return replace_file(file, "new");
  }();
  ASSERT_FALSE(of_file);
  EXPECT_EQ(of_file.error().code, error_code::denied);
  EXPECT_EQ(of_file.error().message, "cannot write " + file + ": Permission denied");
  ASSERT_EQ(::chmod(file.c_str(), 0666), 0);
  ASSERT_EQ(::chmod(folder.c_str(), 0555), 0);
  const auto of_directory = [&] {
    const without_root now;
    return replace_file(file, "new");
  }();
  ASSERT_FALSE(of_directory);
  EXPECT_EQ(of_directory.error().code, error_code::denied);
  EXPECT_EQ(read(file), "old");
  ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
  EXPECT_EQ(names(), std::vector<std::string>{"web.yaml"});
}

template <class... A>
std::function<int(A...)> refusing(int number) {
  return [number](A...) {
    errno = number;
    return -1;
  };
}

TEST_F(ReplaceFile, IsAsItWasWhenAStepFails) {
  const struct {
    const char* step;
    int number;
    std::function<void(replace_calls&, int)> refuse;
    error_code code;
  } rows[] = {
      {"open", EACCES, [](auto& c, int n) { c.open = refusing<const char*, int, mode_t>(n); }, error_code::denied},
      {"open, for ever taken", EEXIST, [](auto& c, int n) { c.open = refusing<const char*, int, mode_t>(n); },
       error_code::unavailable},
      {"open, read-only disk", EROFS, [](auto& c, int n) { c.open = refusing<const char*, int, mode_t>(n); },
       error_code::denied},
      {"write", ENOSPC, [](auto& c, int n) { c.write = refusing<int, const void*, std::size_t>(n); },
       error_code::unavailable},
      {"write, second piece", ENOSPC,
       [](auto& c, int n) {
         c.write = [n, first = true](int fd, const void* data, std::size_t size) mutable -> ssize_t {
           if (std::exchange(first, false)) return ::write(fd, data, size / 2);
           errno = n;
           return -1;
         };
       },
       error_code::unavailable},
      {"write, nothing taken", EIO, [](auto& c, int) { c.write = [](int, const void*, std::size_t) { return 0; }; },
       error_code::unavailable},
      {"fchmod", EPERM, [](auto& c, int n) { c.fchmod = refusing<int, mode_t>(n); }, error_code::denied},
      {"fsync", EIO, [](auto& c, int n) { c.fsync = refusing<int>(n); }, error_code::unavailable},
      {"close", EDQUOT,
       [](auto& c, int n) {
         c.close = [n](int fd) {
           ::close(fd);
           errno = n;
           return -1;
         };
       },
       error_code::unavailable},
      {"rename", EACCES, [](auto& c, int n) { c.rename = refusing<const char*, const char*>(n); }, error_code::denied},
  };
  for (const auto& row : rows) {
    write(file, "old text");
    auto calls = machine_replace_calls();
    row.refuse(calls, row.number);
    const auto done = replace_file(file, "new text", calls);
    ASSERT_FALSE(done) << row.step;
    EXPECT_EQ(done.error().code, row.code) << row.step;
    EXPECT_EQ(done.error().message, "cannot write " + file + ": " + std::string(::strerror(row.number))) << row.step;
    EXPECT_EQ(read(file), "old text") << row.step;
    EXPECT_EQ(names(), std::vector<std::string>{"web.yaml"}) << row.step;
  }
}

TEST_F(ReplaceFile, SeveralAreReplacedOrNone) {
  const std::string one = folder / "a.yaml";
  const std::string other = folder / "b.yaml";
  write(one, "old a");
  write(other, "old b");
  const auto replace_with = [&](const replace_calls& calls) {
    return replace_files({{one, "new a"}, {other, "new b"}}, calls);
  };
  auto calls = machine_replace_calls();
  calls.write = [times = 0](int fd, const void* data, std::size_t size) mutable -> ssize_t {
    if (++times == 1) return ::write(fd, data, size);
    errno = ENOSPC;
    return -1;
  };
  const auto full = replace_with(calls);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().message, "cannot write " + other + ": No space left on device; no file is written");
  EXPECT_EQ(read(one), "old a");
  EXPECT_EQ(read(other), "old b");
  EXPECT_EQ(names(), (std::vector<std::string>{"a.yaml", "b.yaml"}));

  calls = machine_replace_calls();
  calls.rename = [times = 0](const char* from, const char* to) mutable {
    if (++times == 1) return std::rename(from, to);
    errno = EIO;
    return -1;
  };
  const auto half = replace_with(calls);
  ASSERT_FALSE(half);
  EXPECT_EQ(half.error().message, "cannot write " + other + ": Input/output error; 1 of 2 files are new already");
  EXPECT_EQ(names(), (std::vector<std::string>{"a.yaml", "b.yaml"}));

  ASSERT_TRUE(replace_with(machine_replace_calls()));
  EXPECT_EQ(read(one), "new a");
  EXPECT_EQ(read(other), "new b");
  EXPECT_TRUE(replace_files({}));
}

TEST_F(ReplaceFile, LeavesFilesThatWereChangedMeanwhile) {
  const std::string one = folder / "a.yaml";
  const std::string other = folder / "b.yaml";
  const auto replace_after_reading = [&](std::string_view text) {
    return replace_files({{one, "new a", mark_of("old a")}, {other, "new b", mark_of(text)}});
  };
  write(one, "old a");
  for (const std::string now : {"", "old", "old B", "old b, and more"}) {
    write(other, now);
    const auto done = replace_after_reading("old b");
    ASSERT_FALSE(done) << now;
    EXPECT_EQ(done.error().code, error_code::unavailable);
    EXPECT_EQ(done.error().message, other + " was changed after it was read; run it again; no file is written");
    EXPECT_EQ(read(one), "old a");
    EXPECT_EQ(read(other), now);
  }
  fs::remove(other);
  EXPECT_FALSE(replace_after_reading("old b"));
  EXPECT_EQ(names(), (std::vector<std::string>{"a.yaml"}));
  // A file that is new has an empty text before.
  EXPECT_TRUE(replace_after_reading(""));
  EXPECT_EQ(read(other), "new b");
  write(one, "old a");
  const auto late = replace_after_reading("");
  ASSERT_FALSE(late);
  EXPECT_EQ(read(other), "new b");
}

TEST_F(ReplaceFile, SaysWhenOnlyTheDirectoryIsNotOnTheDisk) {
  write(file, "old");
  auto calls = machine_replace_calls();
  int number = EIO;
  calls.fsync = [&number, times = 0](int fd) mutable {
    if (++times % 2 == 1) return ::fsync(fd);
    errno = number;
    return -1;
  };
  const auto done = replace_file(file, "new", calls);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, file + " is written, but its directory could not be synced: Input/output error");
  EXPECT_EQ(read(file), "new");
  number = EINVAL;
  EXPECT_TRUE(replace_file(file, "newer", calls)) << "a file system that cannot sync directories";
}

TEST_F(ReplaceFile, WritesInPiecesAndDespiteSignals) {
  write(file, "old");
  auto calls = machine_replace_calls();
  calls.write = [times = 0](int fd, const void* data, std::size_t) mutable -> ssize_t {
    if (++times % 3 != 0) return ::write(fd, data, 1);
    errno = EINTR;
    return -1;
  };
  ASSERT_TRUE(replace_file(file, "a new text", calls));
  EXPECT_EQ(read(file), "a new text");
}

TEST_F(ReplaceFile, DrawsAnotherNameForOneThatIsTaken) {
  auto calls = machine_replace_calls();
  std::vector<std::string> drawn;
  calls.open = [&drawn](const char* path, int flags, mode_t mode) {
    drawn.emplace_back(path);
    EXPECT_TRUE(flags & O_EXCL);
    if (drawn.size() > 2) return ::open(path, flags, mode);
    errno = EEXIST;
    return -1;
  };
  ASSERT_TRUE(replace_file(file, "new", calls));
  ASSERT_EQ(drawn.size(), 3U);
  EXPECT_NE(drawn[0], drawn[1]);
  EXPECT_EQ(read(file), "new");
}

// A disk that is really full in the middle of a file, as far as a process can be given one.
TEST_F(ReplaceFile, IsAsItWasWhenTheDiskIsFull) {
  write(file, "old");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{8192, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto done = replace_file(file, std::string(100'000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, error_code::unavailable);
  EXPECT_EQ(read(file), "old");
  EXPECT_EQ(names(), std::vector<std::string>{"web.yaml"});
}

}  // namespace
}  // namespace pinhook
