#include <pinhook/base/compute_thread.hpp>

#include "support/run.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace pinhook {
namespace {

using ::testing::ElementsAre;

// Work that goes on until it is let go.
struct gate {
  std::promise<void> entered, open;
  std::function<void()> work() {
    return [this] {
      entered.set_value();
      open.get_future().wait();
    };
  }
};

// A call of `run` on an io_context, and its outcome.
struct call {
  call(asio::io_context& io, compute_thread& on, std::string account, std::function<void()> work) {
    auto keep = [](awaitable<bool> inner) -> awaitable<bool> {
      // As in the session: a call that has ended is not undone by its cancellation.
      co_await asio::this_coro::throw_if_cancelled(false);
      const bool ran = co_await std::move(inner);
      co_return ran;
    };
    asio::co_spawn(io, keep(on.run(std::move(account), std::move(work))),
                   asio::bind_cancellation_slot(cancel.slot(), [this](std::exception_ptr e, bool ran) {
                     thrown = std::move(e);
                     has_run = ran;
                   }));
  }
  asio::cancellation_signal cancel;
  std::optional<bool> has_run;
  std::exception_ptr thrown;
};

TEST(ComputeThread, RunsTheWorkOnItsOwnThreadOfLowerPriority) {
  compute_thread aside("aside");
  std::thread::id where;
  int priority = 0;
  EXPECT_TRUE(testing::run(aside.run("a", [&] {
    where = std::this_thread::get_id();
    priority = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
  })));
  EXPECT_NE(where, std::this_thread::get_id());
  EXPECT_EQ(priority, std::min(19, ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())) + 5));
}

TEST(ComputeThread, TheCallersThreadGoesOnMeanwhile) {
  compute_thread aside("aside");
  asio::io_context io(1);
  gate held;
  call large(io, aside, "a", held.work());
  std::thread::id resumed;
  asio::post(io, [&] {
    held.entered.get_future().wait();
    EXPECT_FALSE(large.has_run);
    held.open.set_value();
  });
  io.run();
  EXPECT_EQ(large.has_run, true);
}

TEST(ComputeThread, AccountsTakeTurns) {
  compute_thread aside("aside");
  asio::io_context io(1);
  gate held;
  std::vector<std::string> order;
  call first(io, aside, "first", held.work());
  io.poll();
  held.entered.get_future().wait();
  std::vector<std::unique_ptr<call>> others;
  for (const std::string who : {"flood 1", "flood 2", "flood 3", "shop 1", "shop 2", "bank 1"})
    others.push_back(
        std::make_unique<call>(io, aside, who.substr(0, who.find(' ')), [&, who] { order.push_back(who); }));
  io.poll();
  EXPECT_EQ(aside.waiting(), 6U);
  held.open.set_value();
  io.run();
  EXPECT_THAT(order, ElementsAre("flood 1", "shop 1", "bank 1", "flood 2", "shop 2", "flood 3"));
  EXPECT_EQ(aside.waiting(), 0U);
}

TEST(ComputeThread, OneThatIsCanceledWhileItWaitsNeverRuns) {
  compute_thread aside("aside");
  asio::io_context io(1);
  gate held;
  bool has_run = false;
  call first(io, aside, "a", held.work());
  call second(io, aside, "a", [&] { has_run = true; });
  asio::post(io, [&] {
    held.entered.get_future().wait();
    second.cancel.emit(asio::cancellation_type::terminal);
    EXPECT_EQ(aside.waiting(), 0U);
  });
  while (!second.has_run) io.run_one();
  EXPECT_EQ(second.has_run, false);
  held.open.set_value();
  io.run();
  EXPECT_EQ(first.has_run, true);
  EXPECT_FALSE(has_run);
}

// It refers to values of its caller, so the caller must not end before it.
TEST(ComputeThread, OneThatIsCanceledWhileItRunsIsWaitedFor) {
  compute_thread aside("aside");
  asio::io_context io(1);
  gate held;
  call only(io, aside, "a", held.work());
  asio::post(io, [&] {
    held.entered.get_future().wait();
    only.cancel.emit(asio::cancellation_type::terminal);
  });
  io.poll();
  EXPECT_FALSE(only.has_run);
  held.open.set_value();
  io.run();
  EXPECT_EQ(only.has_run, true);
}

TEST(ComputeThread, WhatTheWorkThrowsReachesItsCaller) {
  compute_thread aside("aside");
  EXPECT_THROW(testing::run(aside.run("a", [] { throw std::runtime_error("no memory"); })), std::runtime_error);
  EXPECT_TRUE(testing::run(aside.run("a", [] {})));
}

TEST(ComputeThread, WhatItOwnsGoesBeforeItsCallerHearsOfIt) {
  compute_thread aside("aside");
  auto owned = std::make_shared<int>(1);
  std::weak_ptr<int> left = owned;
  EXPECT_TRUE(testing::run(aside.run("a", [mine = std::move(owned)] {})));
  EXPECT_TRUE(left.expired());
}

TEST(ComputeThread, ItsEndIsToldToThoseWhoWait) {
  auto aside = std::make_unique<compute_thread>("aside");
  asio::io_context io(1);
  gate held;
  bool has_run = false;
  call first(io, *aside, "a", held.work());
  call second(io, *aside, "b", [&] { has_run = true; });
  io.poll();
  held.entered.get_future().wait();
  std::thread end([&] { aside.reset(); });
  while (!second.has_run) io.run_one();
  EXPECT_EQ(second.has_run, false);
  held.open.set_value();
  end.join();
  io.run();
  EXPECT_EQ(first.has_run, true);
  EXPECT_FALSE(has_run);
}

// A call of `run_by`, and its outcome.
struct limited_call {
  limited_call(asio::io_context& io, compute_thread& on, std::string account, deadline until) {
    std::function<void()> work = [this] { has_run = true; };
    asio::co_spawn(io, on.run_by(std::move(account), std::move(work), until),
                   [this](const std::exception_ptr&, result<void> r) {
                     end = r ? "done" : std::string(to_string(r.error().code));
                   });
  }
  std::atomic<bool> has_run{false};
  std::string end = "waits";
};

TEST(ComputeThread, WhatIsLateWhenItsTurnComesIsSkipped) {
  compute_thread aside("aside");
  asio::io_context io(1);
  gate held;
  call first(io, aside, "a", held.work());
  const auto now = std::chrono::steady_clock::now();
  limited_call late(io, aside, "a", deadline::at(now));
  limited_call good(io, aside, "a", deadline::after(now, std::chrono::hours(1)));
  io.poll();
  held.entered.get_future().wait();
  held.open.set_value();
  io.run();
  EXPECT_EQ(late.end, "timed_out");
  EXPECT_FALSE(late.has_run);
  EXPECT_EQ(good.end, "done");
  EXPECT_TRUE(good.has_run);
}

// The thread may be busy for long.
TEST(ComputeThread, WhatIsLateIsToldAtThatTime) {
  compute_thread aside("aside");
  asio::io_context io(1);
  gate held;
  call first(io, aside, "a", held.work());
  io.poll();
  held.entered.get_future().wait();
  limited_call late(io, aside, "a", deadline::after(std::chrono::steady_clock::now(), std::chrono::milliseconds(1)));
  while (late.end == "waits") io.run_one();
  EXPECT_EQ(late.end, "timed_out");
  EXPECT_EQ(aside.waiting(), 0U);
  held.open.set_value();
  io.run();
  EXPECT_FALSE(late.has_run);
  EXPECT_EQ(first.has_run, true);
}

TEST(ComputeThread, TheLineHasALimitAndWhoeverHasMostGivesWay) {
  compute_thread aside("aside");
  asio::io_context io(1);
  gate held;
  call first(io, aside, "a", held.work());
  io.poll();
  held.entered.get_future().wait();
  std::vector<std::unique_ptr<limited_call>> flood;
  const auto add = [&](const std::string& account) {
    auto one = std::make_unique<limited_call>(io, aside, account, deadline::never());
    io.poll();
    return one;
  };
  for (std::size_t i = 0; i < compute_thread::most_waiting; ++i) flood.push_back(add("flood"));
  EXPECT_EQ(aside.waiting(), compute_thread::most_waiting);
  const auto beyond = add("flood");
  EXPECT_EQ(beyond->end, "unavailable");
  const auto shop = add("shop");
  EXPECT_EQ(shop->end, "waits");
  EXPECT_EQ(flood.back()->end, "unavailable");
  EXPECT_EQ(flood.front()->end, "waits");
  // Admitted work goes on.
  call further(io, aside, "shop", [] {});
  io.poll();
  EXPECT_EQ(aside.waiting(), compute_thread::most_waiting + 1);
  held.open.set_value();
  io.run();
  EXPECT_EQ(shop->end, "done");
  EXPECT_EQ(flood.front()->end, "done");
  EXPECT_FALSE(flood.back()->has_run);
  EXPECT_EQ(further.has_run, true);
  io.restart();
  const auto again = add("flood");
  io.run();
  EXPECT_EQ(again->end, "done") << "there is room again";
}

TEST(ComputeThread, ServesManyThreads) {
  compute_thread aside("aside");
  std::atomic<int> done{0};
  std::vector<std::thread> all;
  for (int t = 0; t < 4; ++t)
    all.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) testing::run(aside.run(std::to_string((t + i) % 3), [&] { ++done; }));
    });
  for (auto& one : all) one.join();
  EXPECT_EQ(done, 800);
}

}  // namespace
}  // namespace pinhook
