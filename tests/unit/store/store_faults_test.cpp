// Stores that cannot be used, and what is left of one after a crash.
#include "support/certificates.hpp"

#include <pinhook/store/history.hpp>
#include <pinhook/store/schema.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace pinhook::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

const wall_time noon = wall_time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 29)) + 12h;

observation some(int number, std::size_t uses = 1) {
  observation out{.cluster = "c", .at = noon + std::chrono::hours(number)};
  for (std::size_t i = 0; i < uses; ++i)
    out.uses.push_back({{"shop", fmt::format("Deployment/{}-{}", number, i), "web", "nginx"}, {{"no-tag", "m"}}});
  return out;
}

class StoreFaults : public ::testing::Test {
  // Before the path in it.
  testing::temporary_directory files_;

 protected:
  std::string path_ = (files_.path() / "history.db").string();

  result<std::unique_ptr<history>> open() { return history::open(path_, options_); }
  void fill(int observations, std::size_t uses = 1) {
    auto opened = open();
    ASSERT_TRUE(opened) << opened.error().message;
    for (int i = 0; i < observations; ++i) {
      const auto ok = (*opened)->add(some(i, uses));
      ASSERT_TRUE(ok) << ok.error().message;
    }
  }
  std::size_t findings() {
    auto opened = open();
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? (*opened)->findings("c", noon)->size() : 0;
  }
  void run(const char* script) {
    auto db = database::open(path_, 1s);
    ASSERT_TRUE(db);
    const auto ok = (*db)->execute(script);
    ASSERT_TRUE(ok) << ok.error().message;
  }
  std::string bytes() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  error refusal() {
    auto opened = open();
    EXPECT_FALSE(opened);
    return opened ? error{} : opened.error();
  }

  history_options options_;
};

TEST_F(StoreFaults, ALaterVersionIsLeftAsItIs) {
  fill(1);
  run("PRAGMA user_version = 7");
  const auto before = bytes();
  const auto e = refusal();
  EXPECT_EQ(e.code, error_code::unsupported);
  EXPECT_THAT(e.message, AllOf(StartsWith(path_ + ": a later pinhook wrote this store (version 7; this one knows 2)"),
                               HasSubstr("name another file")));
  EXPECT_EQ(bytes(), before);
}

TEST_F(StoreFaults, AnotherProgramsFileIsLeftAsItIs) {
  run("CREATE TABLE theirs(id)");
  auto before = bytes();
  EXPECT_EQ(refusal().code, error_code::invalid_input);
  EXPECT_THAT(refusal().message, HasSubstr("the database of another program"));
  EXPECT_EQ(bytes(), before);
  write("apiVersion: pinhook.dev/v1\nkind: ImageLock\nimages: {}\n" + std::string(1000, '#'));
  before = bytes();
  EXPECT_EQ(refusal().code, error_code::invalid_input);
  EXPECT_THAT(refusal().message, HasSubstr("this is no store of pinhook; it is left as it is"));
  EXPECT_EQ(bytes(), before);
}

TEST_F(StoreFaults, ADamagedFileIsAnError) {
  fill(2, 500);
  const auto good = bytes();
  for (const std::size_t size : {good.size() / 2, good.size() - 4096, good.size() - 1, std::size_t{5000}}) {
    write(good.substr(0, size));
    const auto e = refusal();
    EXPECT_EQ(e.code, error_code::malformed) << size << ": " << e.message;
    EXPECT_THAT(e.message, AllOf(StartsWith(path_ + ": the file is damaged; move it away"), HasSubstr(".recover")));
  }
  auto spoilt = good;
  for (std::size_t at = 4096 * 5; at < 4096 * 6; ++at) spoilt[at] = '\x5a';
  write(spoilt);
  EXPECT_EQ(refusal().code, error_code::malformed);
}

TEST_F(StoreFaults, AnEmptyFileBecomesAStore) {
  write("");
  fill(1);
  EXPECT_EQ(findings(), 1U);
}

TEST_F(StoreFaults, APlaceThatCannotBeWritten) {
  path_ = fs::path(path_).parent_path() / "none" / "history.db";
  EXPECT_EQ(refusal().code, error_code::denied);
  EXPECT_THAT(refusal().message, AllOf(HasSubstr("its folder must exist"), HasSubstr("No such file or directory")));
  path_ = fs::path(path_).parent_path().parent_path();
  EXPECT_EQ(refusal().code, error_code::denied);
}

// The limit on the size of files is a full disk that any user can have.
TEST_F(StoreFaults, AFullDiskLosesNothing) {
  fill(1, 100);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  {
    auto opened = open();
    ASSERT_TRUE(opened);
    rlimit low = before;
    low.rlim_cur = bytes().size() + 4096;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);
    const auto got = (*opened)->add(some(1, 5000));
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, error_code::unavailable);
    EXPECT_THAT(got.error().message, AllOf(HasSubstr("what was stored before stays"), HasSubstr("File too large")));
    // The same connection goes on when there is room again.
    const auto again = (*opened)->add(some(1, 5000));
    EXPECT_TRUE(again) << again.error().message;
  }
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(findings(), 5100U);
}

TEST_F(StoreFaults, TwoWriteInTurn) {
  fill(1);
  options_.busy_timeout = 0ms;
  auto first = open();
  auto second = open();
  ASSERT_TRUE(first && second);
  EXPECT_TRUE((*first)->add(some(1)));
  EXPECT_TRUE((*second)->add(some(2)));
  auto other = database::open(path_, 0ms);
  ASSERT_TRUE(other);
  {
    auto change = transaction::begin(**other);
    ASSERT_TRUE(change);
    const auto got = (*first)->add(some(3));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, error_code::unavailable);
    EXPECT_THAT(got.error().message, HasSubstr("another program is writing to it; run it again"));
  }
  EXPECT_TRUE((*first)->add(some(3)));
}

// Children make the file, all at once, and each adds its part.
TEST_F(StoreFaults, ManyAtOnceMakeOneStore) {
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto opened = open();
      auto seen = some(i);
      seen.whole.emplace();
      const bool is_good = opened && (*opened)->add(seen);
      if (!opened) fmt::print(stderr, "{}\n", opened.error().message);
      _exit(is_good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  EXPECT_EQ(findings(), 8U);
}

// A child adds observations until it is killed: each that it reported as stored is there, and the file is sound.
TEST_F(StoreFaults, AKilledProcessLosesNothingThatWasStored) {
  fill(0);
  int total = 0;
  for (const int until : {1, 2, 5, 9}) {
    int line[2];
    ASSERT_EQ(pipe(line), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto opened = open();
      for (int i = 1000 * until; opened; ++i) {
        auto seen = some(i, 50);
        seen.whole.emplace();
        if (!(*opened)->add(seen) || ::write(line[1], "x", 1) != 1) break;
      }
      _exit(1);
    }
    close(line[1]);
    int stored = 0;
    char one = 0;
    while (stored < until && read(line[0], &one, 1) == 1) ++stored;
    ASSERT_EQ(kill(child, SIGKILL), 0);
    while (read(line[0], &one, 1) == 1) ++stored;
    close(line[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    total += stored;
    const auto found = findings();
    EXPECT_EQ(found % 50, 0U) << "an observation is stored whole or not at all";
    EXPECT_GE(found, static_cast<std::size_t>(total) * 50);
    total = static_cast<int>(found / 50);
  }
}

TEST_F(StoreFaults, AnUnfinishedMigrationLeavesAnEmptyFile) {
  // A file whose tables exist without its marks is of another program; the marks and the tables are one transaction.
  run(scripts[0]);
  EXPECT_EQ(refusal().code, error_code::invalid_input);
}

}  // namespace
}  // namespace pinhook::store
