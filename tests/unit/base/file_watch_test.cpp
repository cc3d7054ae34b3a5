#include <pinhook/base/file_watch.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pinhook {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using step = content_change::step;

TEST(ContentChange, CountsWhatIsSeenTwice) {
  content_change c("a");
  EXPECT_EQ(c.observe("a"), step::same);
  EXPECT_EQ(c.observe("half"), step::unsettled);
  EXPECT_TRUE(c.is_unsettled());
  EXPECT_EQ(c.observe("b"), step::unsettled);
  EXPECT_EQ(c.observe("b"), step::settled);
  EXPECT_FALSE(c.is_unsettled());
  EXPECT_EQ(c.observe("b"), step::same);
}

TEST(ContentChange, WhatComesBackHasNotChanged) {
  content_change c("a");
  EXPECT_EQ(c.observe("half"), step::unsettled);
  EXPECT_EQ(c.observe("a"), step::same);
  EXPECT_FALSE(c.is_unsettled());
  EXPECT_EQ(c.observe("half"), step::unsettled) << "it does not count from the time before";
}

TEST(ContentChange, MayBeToldNotToWait) {
  content_change c("a");
  EXPECT_EQ(c.observe("b", true), step::settled);
  EXPECT_EQ(c.observe("b", true), step::same);
}

// A volume as the test wants it: it answers, or hangs until the test lets it go.
class volume {
 public:
  void hang() {
    const std::lock_guard lock(guard_);
    hangs_ = true;
  }
  void answer(std::string mark) {
    const std::lock_guard lock(guard_);
    mark_ = std::move(mark);
    hangs_ = false;
    changed_.notify_all();
  }
  file_contents look() {
    std::unique_lock lock(guard_);
    ++looks_;
    changed_.wait(lock, [&] { return !hangs_; });
    file_contents out;
    out.mark = mark_;
    return out;
  }
  int looks() {
    const std::lock_guard lock(guard_);
    return looks_;
  }

 private:
  std::mutex guard_;
  std::condition_variable changed_;
  std::string mark_ = "a";
  bool hangs_ = false;
  int looks_ = 0;
};

struct FileWatch : ::testing::Test {
  std::shared_ptr<volume> disk = std::make_shared<volume>();
  asio::io_context io{1};
  asio::cancellation_signal stop;
  std::vector<std::string> events;
  bool is_over = false;
  file_watch_options options{.poll = 1ms, .settle = 1ms, .limit = 1h};
  std::unique_ptr<file_watch> watch;

  ~FileWatch() override {
    // A thread that hangs must not outlive the program's statics.
    disk->answer("end");
    while (side_threads() != 0) std::this_thread::yield();
  }

  void start() {
    watch = std::make_unique<file_watch>(
        io.get_executor(), [d = disk] { return d->look(); }, "a",
        [this](bool is_late) { events.emplace_back(is_late ? "late" : "back"); }, options);
    asio::co_spawn(io, keep(),
                   asio::bind_cancellation_slot(stop.slot(), [this](const std::exception_ptr&) { is_over = true; }));
  }
  awaitable<void> keep() {
    for (;;) {
      const auto found = co_await watch->next();
      if (found) events.push_back(found->mark);
    }
  }
  void run_until(const std::function<bool()>& condition) {
    while (!condition()) ASSERT_EQ(io.run_one(), 1U);
  }
};

TEST_F(FileWatch, GivesWhatHasSettled) {
  start();
  run_until([&] { return disk->looks() >= 3; });
  EXPECT_THAT(events, ElementsAre());
  disk->answer("b");
  run_until([&] { return !events.empty(); });
  EXPECT_THAT(events, ElementsAre("b"));
}

TEST_F(FileWatch, ALookThatHangsIsReportedAndKeepsNothingElseWaiting) {
  options.limit = 1ms;
  disk->hang();
  start();
  run_until([&] { return !events.empty(); });
  EXPECT_THAT(events, ElementsAre("late"));
  // The thread of the executor is free, and no second look is begun on a volume that hangs.
  bool has_run = false;
  asio::post(io, [&] { has_run = true; });
  run_until([&] { return has_run; });
  EXPECT_LE(disk->looks(), 1) << "on a busy machine its thread may not have begun";
  EXPECT_EQ(side_threads(), 1U);
  disk->answer("b");
  run_until([&] { return events.back() == "b"; });
  // On a busy machine a later look may be late as well.
  EXPECT_EQ(events[0], "late");
  EXPECT_EQ(events[1], "back");
}

TEST_F(FileWatch, ALookThatHangsDoesNotKeepTheEndWaiting) {
  options.limit = 1ms;
  disk->hang();
  start();
  run_until([&] { return !events.empty(); });
  stop.emit(asio::cancellation_type::terminal);
  run_until([&] { return is_over; });
  EXPECT_EQ(side_threads(), 1U);
  watch.reset();
  disk->answer("b");  // its waiter has ended
}

TEST_F(FileWatch, MayBeHurried) {
  options.poll = 1h;
  start();
  disk->answer("b");
  io.run_one();
  watch->hurry();
  run_until([&] { return !events.empty(); });
  EXPECT_THAT(events, ElementsAre("b")) << "without settling";
}

TEST(RunWithin, SaysWhetherTheWorkCameBack) {
  const auto disk = std::make_shared<volume>();
  EXPECT_TRUE(run_within([disk] { disk->look(); }, 1h));
  disk->hang();
  EXPECT_FALSE(run_within([disk] { disk->look(); }, 1ms));
  disk->answer("end");
  while (side_threads() != 0) std::this_thread::yield();
}

TEST(ReadFiles, AProblemIsAContentOfItsOwn) {
  const auto none = read_files({{"/nonexistent/a", 10}});
  ASSERT_TRUE(none.problem);
  EXPECT_EQ(none.mark, none.problem->message);
  EXPECT_EQ(none.problem->code, error_code::not_found);
  const auto two = read_files({{"/proc/self/comm", 100}, {"/dev/zero", 10}});
  ASSERT_TRUE(two.problem);
  EXPECT_THAT(two.problem->message, HasSubstr("/dev/zero"));
  const auto good = read_files_in_time({{"/proc/self/comm", 100}, {"/proc/version", 1000}});
  EXPECT_FALSE(good.problem);
  EXPECT_EQ(good.mark, keyed_hash(good.texts[0].reveal()) + keyed_hash(good.texts[1].reveal()));
}

}  // namespace
}  // namespace pinhook
