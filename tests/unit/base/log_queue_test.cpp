#include <pinhook/base/log_queue.hpp>

#include <pinhook/base/log.hpp>

#include <fcntl.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <exception>
#include <future>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace pinhook::log {
namespace {

using std::chrono::milliseconds;

struct LogQueue : ::testing::Test {
  std::array<int, 2> ends{-1, -1};
  LogQueue() { EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0); }
  ~LogQueue() override {
    for (const int one : ends)
      if (one >= 0) ::close(one);
  }
  void close_writer() { ::close(std::exchange(ends[1], -1)); }
  // Until its other end is closed.
  [[nodiscard]] std::string read_all() const {
    std::string out;
    std::array<char, 4096> piece{};
    for (ssize_t n = 0; (n = ::read(ends[0], piece.data(), piece.size())) > 0;)
      out.append(piece.data(), static_cast<std::size_t>(n));
    return out;
  }
};

// Lines of several threads: whole, and those of each in their order.
void expect_in_order(const std::string& text, int threads, int lines) {
  std::map<int, int> next;
  std::istringstream in(text);
  for (int thread = 0, number = 0; in >> thread >> number;) EXPECT_EQ(number, next[thread]++) << thread;
  EXPECT_EQ(next.size(), static_cast<std::size_t>(threads));
  for (const auto& [thread, count] : next) EXPECT_EQ(count, lines) << thread;
}

void put_lines(int threads, int lines) {
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([t, lines] {
      for (int i = 0; i < lines; ++i) EXPECT_TRUE(line_queue::put(fmt::format("{} {}\n", t, i)));
    });
  for (auto& one : all) one.join();
}

TEST_F(LogQueue, WritesAllLinesInOrderByItsEnd) {
  auto text = std::async(std::launch::async, [this] { return read_all(); });
  {
    const line_queue queue(ends[1]);
    put_lines(4, 5'000);
  }
  close_writer();
  expect_in_order(text.get(), 4, 5'000);
}

// Longer than any test.
constexpr milliseconds for_ever = std::chrono::minutes(10);

TEST_F(LogQueue, WaitsWhereItIsFullAndDropsNothing) {
  std::atomic<int> put = 0;
  std::future<std::string> text;
  {
    const line_queue queue(ends[1], {.most = 100, .patience = for_ever, .last = for_ever});
    const std::string line(1'000, 'x');
    std::thread logs([&] {
      for (int i = 0; i < 200; ++i, ++put) EXPECT_TRUE(line_queue::put(line + '\n'));
    });
    // The pipe holds 64 KB (pipe(7)), the queue one line, its thread those that it writes.
    while (put < 60) std::this_thread::yield();
    EXPECT_LT(put, 200);
    text = std::async(std::launch::async, [this] { return read_all(); });
    logs.join();
  }
  close_writer();
  EXPECT_EQ(text.get().size(), 200U * 1'001U);
}

// Lines 0 to `lines`, of 1,000 bytes each.
std::string numbered(int number) { return fmt::format("{:0>999}\n", number); }

TEST_F(LogQueue, AReaderThatStoppedKeepsNobodyWaiting) {
  constexpr int lines = 500;
  std::string text;
  {
    const line_queue queue(ends[1], {.most = 10'000, .patience = milliseconds(1), .last = for_ever});
    for (int i = 0; i < lines; ++i) EXPECT_TRUE(line_queue::put(numbered(i)));
    EXPECT_EQ(line_queue::take_dropped(), 0U) << "nobody reads yet";
    auto rest = std::async(std::launch::async, [this] { return read_all(); });
    std::size_t dropped = 0;
    while (dropped == 0) {
      dropped = line_queue::take_dropped();
      std::this_thread::yield();
    }
    line_queue::flush(for_ever);
    EXPECT_TRUE(line_queue::put("again\n"));
    line_queue::flush(for_ever);
    close_writer();
    text = rest.get();
    EXPECT_EQ(text.size() / 1'000 + dropped, static_cast<std::size_t>(lines));
    EXPECT_EQ(line_queue::take_dropped(), 0U);
  }
  EXPECT_TRUE(text.ends_with("again\n"));
  // Those that were written are whole and in order.
  int last = -1;
  for (std::size_t at = 0; at + 1'000 <= text.size(); at += 1'000) {
    const std::string line = text.substr(at, 1'000);
    const int number = std::stoi(line);
    EXPECT_EQ(line, numbered(number));
    EXPECT_GT(number, last);
    last = number;
  }
}

TEST_F(LogQueue, TheLogSaysHowManyLinesWereDropped) {
  configure({.least = level::info, .shape = format::json});
  {
    const line_queue queue(ends[1], {.most = 10'000, .patience = milliseconds(1), .last = for_ever});
    const std::string much(1'000, 'x');
    for (int i = 0; i < 200; ++i) info("line", {{"much", much}});
    auto rest = std::async(std::launch::async, [this] { return read_all(); });
    line_queue::flush(for_ever);
    info("after");
    line_queue::flush(for_ever);
    close_writer();
    const std::string text = rest.get();
    EXPECT_THAT(text,
                ::testing::ContainsRegex(
                    R"("level":"warning","message":"lines of this log were dropped: nobody read it","lines":[1-9])"));
    EXPECT_LT(text.find("were dropped"), text.find("\"after\""));
  }
}

TEST_F(LogQueue, EndsAlthoughItsReaderStopped) {
  std::array<char, 4096> some{};
  std::size_t written = 1;
  {
    const line_queue queue(ends[1], {.most = 10, .patience = milliseconds(1), .last = milliseconds(1)});
    EXPECT_TRUE(line_queue::put(std::string(200'000, 'x')));
    // Its writer has begun by then.
    ASSERT_EQ(::read(ends[0], some.data(), written), 1);
    EXPECT_TRUE(line_queue::put("second\n"));
  }
  // The writer that was left behind ends when it can, and another queue has its own.
  std::array<int, 2> other{-1, -1};
  ASSERT_EQ(::pipe2(other.data(), O_CLOEXEC), 0);
  {
    const line_queue queue(other[1], {.last = for_ever});
    EXPECT_TRUE(line_queue::put("third\n"));
  }
  std::array<char, 16> piece{};
  EXPECT_EQ(::read(other[0], piece.data(), piece.size()), 6);
  for (const int one : other) ::close(one);
  while (written < 200'000) {
    const auto n = ::read(ends[0], some.data(), some.size());
    ASSERT_GT(n, 0);
    written += static_cast<std::size_t>(n);
  }
}

TEST_F(LogQueue, FlushReturnsWhenAllIsWritten) {
  const line_queue queue(ends[1]);
  for (int round = 0; round < 50; ++round) {
    EXPECT_TRUE(line_queue::put("line\n"));
    line_queue::flush(std::chrono::seconds(30));
    std::array<char, 16> piece{};
    EXPECT_EQ(::read(ends[0], piece.data(), piece.size()), 5);
  }
}

TEST_F(LogQueue, FlushGivesUpOnAReaderThatStopped) {
  const std::string line(200'000, 'x');
  std::future<std::string> text;
  {
    const line_queue queue(ends[1]);
    EXPECT_TRUE(line_queue::put(line));
    line_queue::flush(milliseconds(20));
    text = std::async(std::launch::async, [this] { return read_all(); });
  }
  close_writer();
  EXPECT_EQ(text.get().size(), line.size());
}

TEST_F(LogQueue, IsNoneBeforeAndAfter) {
  EXPECT_FALSE(line_queue::put("x\n"));
  {
    const line_queue queue(ends[1]);
    EXPECT_TRUE(line_queue::put("inside\n"));
  }
  EXPECT_FALSE(line_queue::put("x\n"));
  line_queue::flush(milliseconds(1));
  close_writer();
  EXPECT_EQ(read_all(), "inside\n");
}

TEST_F(LogQueue, TakesTheLinesOfTheLog) {
  configure({.least = level::info, .shape = format::json});
  {
    const line_queue queue(ends[1]);
    warning("queued", {{"number", 7}});
  }
  close_writer();
  const std::string text = read_all();
  EXPECT_NE(text.find(R"("message":"queued","number":7})"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with('\n'));
}

// A descriptor that takes nothing keeps no one waiting.
TEST_F(LogQueue, DropsLinesThatNobodyCanRead) {
  const line_queue queue(-1, {.most = 100});
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(line_queue::put("line\n"));
}

TEST(LogQueueDeathTest, WritesAllLinesBeforeTerminate) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        const line_queue queue;
        for (int i = 0; i < 100; ++i) line_queue::put(fmt::format("line {}\n", i));
        std::terminate();
      },
      "line 0\n(.*\n)*line 99\n");
}

}  // namespace
}  // namespace pinhook::log
