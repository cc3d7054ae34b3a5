#include <pinhook/base/side_thread.hpp>

#include "support/hanging_file.hpp"
#include "support/run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace pinhook {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

struct ReadFileAside : ::testing::Test {
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("pinhook-side-thread-{}", ::getpid());
  ReadFileAside() { std::filesystem::create_directories(folder); }
  ~ReadFileAside() override { std::filesystem::remove_all(folder); }
  static result<secret> read(const std::string& file, std::chrono::nanoseconds within = 5s, std::size_t limit = 100) {
    return testing::run(read_file_aside(file, limit, within));
  }
};

TEST_F(ReadFileAside, GivesWhatReadFileGives) {
  std::ofstream(folder / "token") << "abc";
  EXPECT_EQ(read(folder / "token").value().reveal(), "abc");
  EXPECT_EQ(read(folder / "token", 5s, 2).error().code, error_code::invalid_input);
  EXPECT_EQ(read(folder / "none").error().code, error_code::not_found);
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  EXPECT_THAT(read(folder / "fifo").error().message, HasSubstr("named pipe"));
}

TEST_F(ReadFileAside, OneThatHangsIsLeftBehind) {
  testing::hanging_file hangs;
  const auto got = read(hangs.path(), 1ms);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::timed_out);
  EXPECT_THAT(got.error().message, HasSubstr("the volume that it is on may hang"));
  EXPECT_EQ(side_threads(), 1U);
}

TEST_F(ReadFileAside, NoMoreThanSoManyAreLeftBehind) {
  std::ofstream(folder / "token") << "abc";
  {
    testing::hanging_file hangs;
    for (std::size_t i = 0; i < most_stuck_reads; ++i)
      EXPECT_EQ(read(hangs.path(), 0ms).error().code, error_code::timed_out);
    const auto refused = read(folder / "token");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, error_code::unavailable);
    EXPECT_EQ(side_threads(), most_stuck_reads);
  }
  EXPECT_TRUE(read(folder / "token"));
}

}  // namespace
}  // namespace pinhook
