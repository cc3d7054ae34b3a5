#include <pinhook/base/side_thread.hpp>

#include "support/hanging_file.hpp"
#include "support/run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

// A burst on a healthy volume is no hanging volume: a read that finds no place waits for one.
TEST_F(ReadFileAside, AReadWithoutAPlaceWaitsForOne) {
  std::ofstream(folder / "token") << "abc";
  testing::hanging_file hangs;
  asio::io_context io(1);
  std::vector<result<secret>> got;
  const auto begin = [&](std::string file) {
    asio::co_spawn(io, read_file_aside(std::move(file), 100, 1h),
                   [&](const std::exception_ptr&, result<secret> text) { got.push_back(std::move(text)); });
    io.poll();
  };
  for (std::size_t i = 0; i < most_stuck_reads; ++i) begin(hangs.path());
  begin(folder / "token");
  begin(folder / "token");
  EXPECT_EQ(side_threads(), most_stuck_reads);
  EXPECT_TRUE(got.empty());
  hangs.release();
  io.restart();
  io.run();
  ASSERT_EQ(got.size(), most_stuck_reads + 2);
  std::size_t tokens = 0;
  for (const auto& text : got) {
    ASSERT_TRUE(text) << text.error().message;
    tokens += text->reveal() == "abc" ? 1U : 0U;
  }
  EXPECT_EQ(tokens, 2U);
}

// The place of a read that leaves the line goes to the next.
TEST_F(ReadFileAside, AReadThatLeavesTheLineKeepsNoPlace) {
  std::ofstream(folder / "token") << "abc";
  testing::hanging_file hangs;
  asio::io_context io(1);
  std::size_t ended = 0;
  for (std::size_t i = 0; i < most_stuck_reads; ++i)
    asio::co_spawn(io, read_file_aside(hangs.path(), 100, 1h),
                   [&](const std::exception_ptr&, const result<secret>&) { ++ended; });
  io.poll();
  std::optional<result<secret>> late;
  asio::co_spawn(io, read_file_aside(folder / "token", 100, 1ms),
                 [&](const std::exception_ptr&, result<secret> text) { late = std::move(text); });
  while (!late) io.run_one();
  ASSERT_FALSE(*late);
  EXPECT_EQ(late->error().code, error_code::timed_out);
  hangs.release();
  io.run();
  EXPECT_EQ(ended, most_stuck_reads);
  for (std::size_t i = 0; i < 2 * most_stuck_reads; ++i) EXPECT_TRUE(read(folder / "token"));
}

TEST_F(ReadFileAside, KnowsTheReadsThatAreOverdue) {
  const auto now = [] { return std::chrono::steady_clock::now(); };
  EXPECT_EQ(overdue_reads(now() + read_limit), 0U);
  {
    testing::hanging_file hangs;
    EXPECT_FALSE(read(hangs.path(), 0ms));
    EXPECT_FALSE(read(hangs.path(), 0ms));
    EXPECT_EQ(overdue_reads(now()), 0U);
    EXPECT_EQ(overdue_reads(now() + read_limit), 2U);
  }
  EXPECT_EQ(overdue_reads(now() + read_limit), 0U);
}

}  // namespace
}  // namespace pinhook
