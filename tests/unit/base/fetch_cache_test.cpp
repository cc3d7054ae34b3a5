#include <pinhook/base/fetch_cache.hpp>

#include "support/fake_clock.hpp"
#include "support/gather.hpp"
#include "support/run.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook {
namespace {

using namespace std::chrono_literals;
using testing::fake_clock;
using testing::gather;
using testing::run_on;
using cache = fetch_cache<std::string>;

class FetchCache : public ::testing::Test {
 protected:
  // Answers `next` after the others have had their turn.
  cache::fetch source() {
    return [this](deadline) -> awaitable<result<cache::fetched>> {
      ++fetches;
      auto executor = co_await asio::this_coro::executor;
      co_await asio::post(executor, asio::use_awaitable);
      if (failure) co_return fail(*failure);
      cache::fetched out{next, time.now() + 100s, time.now() + 80s};
      co_return out;
    };
  }
  awaitable<result<std::string>> get(std::string key = "k") {
    return held.get(std::move(key), source(), deadline::after(time.now(), 10s));
  }
  result<std::string> got(std::string key = "k") { return run_on(io, get(std::move(key))); }
  void settle() {
    io.restart();
    io.poll();
  }

  asio::io_context io{1};
  fake_clock time;
  cache held{io.get_executor(), time, {.fetch_limit = 30s, .hold_failure = 5s, .capacity = 3}};
  int fetches = 0;
  std::string next = "first";
  std::optional<error> failure;
};

TEST_F(FetchCache, HoldsAValueUntilItsEnd) {
  EXPECT_EQ(got(), "first");
  next = "second";
  time.advance(79s);
  EXPECT_EQ(got(), "first");
  EXPECT_EQ(fetches, 1);
  time.advance(21s);
  EXPECT_EQ(got(), "second");
  EXPECT_EQ(fetches, 2);
}

TEST_F(FetchCache, AsksOnceForAllWhoWait) {
  std::vector<awaitable<result<std::string>>> all;
  for (int i = 0; i < 10; ++i) all.push_back(get());
  for (const auto& one : gather(io, std::move(all))) EXPECT_EQ(one, "first");
  EXPECT_EQ(fetches, 1);
}

TEST_F(FetchCache, RenewsAheadAndServesTheOldValueMeanwhile) {
  ASSERT_EQ(got(), "first");
  next = "second";
  time.advance(80s);
  EXPECT_EQ(got(), "first");
  settle();
  EXPECT_EQ(fetches, 2);
  EXPECT_EQ(got(), "second");
  EXPECT_EQ(fetches, 2);
}

TEST_F(FetchCache, AFailedRenewalLeavesTheValueAndIsNotRepeatedAtOnce) {
  ASSERT_EQ(got(), "first");
  failure = error{error_code::unavailable, "down", std::nullopt};
  time.advance(80s);
  EXPECT_EQ(got(), "first");
  settle();
  EXPECT_EQ(got(), "first");
  settle();
  EXPECT_EQ(fetches, 2);
  time.advance(5s);
  EXPECT_EQ(got(), "first");
  settle();
  EXPECT_EQ(fetches, 3);
  time.advance(15s);
  EXPECT_EQ(got().error().message, "down");
}

TEST_F(FetchCache, AFailureAnswersForAWhile) {
  failure = error{error_code::denied, "no", std::nullopt};
  EXPECT_EQ(got().error().code, error_code::denied);
  EXPECT_EQ(got().error().message, "no");
  EXPECT_EQ(fetches, 1);
  failure.reset();
  time.advance(5s);
  EXPECT_EQ(got(), "first");
}

TEST_F(FetchCache, WhoLosesPatienceLeavesAndTheFetchGoesOn) {
  asio::steady_timer gate(io, asio::steady_timer::time_point::max());
  cache::fetch slow = [&](deadline) -> awaitable<result<cache::fetched>> {
    ++fetches;
    co_await gate.async_wait(asio::as_tuple(asio::use_awaitable));
    cache::fetched out{"late", time.now() + 100s};
    co_return out;
  };
  time.advance(1s);
  const auto hurried = run_on(io, held.get("k", slow, deadline::after(time.now(), 0s)));
  ASSERT_FALSE(hurried);
  EXPECT_EQ(hurried.error().code, error_code::timed_out);
  gate.cancel();
  settle();
  EXPECT_EQ(got(), "late");
  EXPECT_EQ(fetches, 1);
}

TEST_F(FetchCache, ACanceledFirstFailsNoOtherThatWaits) {
  asio::steady_timer gate(io, asio::steady_timer::time_point::max());
  cache::fetch slow = [&](deadline) -> awaitable<result<cache::fetched>> {
    ++fetches;
    co_await gate.async_wait(asio::as_tuple(asio::use_awaitable));
    cache::fetched out{"late", time.now() + 100s};
    co_return out;
  };
  asio::cancellation_signal stop;
  std::vector<std::string> ended;
  auto work = [&]() -> awaitable<void> {
    const auto got = co_await held.get("k", slow, deadline::after(time.now(), 10s));
    ended.emplace_back(got ? *got : to_string(got.error().code));
  };
  asio::co_spawn(io, work(), asio::bind_cancellation_slot(stop.slot(), [](const std::exception_ptr&) {}));
  asio::co_spawn(io, work(), [](const std::exception_ptr&) {});
  settle();
  stop.emit(asio::cancellation_type::terminal);
  settle();
  EXPECT_EQ(ended, std::vector<std::string>{"canceled"});
  gate.cancel();
  settle();
  EXPECT_EQ(ended, (std::vector<std::string>{"canceled", "late"}));
  EXPECT_EQ(fetches, 1);
}

TEST_F(FetchCache, HoldsNoFailureWhereNoneIsToBeHeld) {
  cache brief(io.get_executor(), time, {.hold_failure = 0s});
  failure = error{error_code::denied, "no", std::nullopt};
  const auto ask = [&] { return run_on(io, brief.get("k", source(), deadline::after(time.now(), 10s))); };
  EXPECT_EQ(ask().error().code, error_code::denied);
  EXPECT_EQ(brief.size(), 0U);
  failure.reset();
  EXPECT_EQ(ask(), "first");
  EXPECT_EQ(fetches, 2);
}

TEST_F(FetchCache, RunsOnTheCallersExecutorWhenItHasNone) {
  cache anywhere({}, time);
  asio::io_context other(1);
  cache::fetch where = [this, &other](deadline) -> awaitable<result<cache::fetched>> {
    ++fetches;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    cache::fetched out{executor == asio::any_io_executor(other.get_executor()) ? "there" : "here", time.now() + 100s};
    co_return out;
  };
  EXPECT_EQ(run_on(other, anywhere.get("k", where, deadline::after(time.now(), 1s))), "there");
}

TEST_F(FetchCache, AFetchThatIsDestroyedWithItsContextMakesWayForTheNext) {
  cache anywhere({}, time);
  {
    asio::io_context other(1);
    asio::steady_timer gate(other, asio::steady_timer::time_point::max());
    cache::fetch stuck = [&](deadline) -> awaitable<result<cache::fetched>> {
      co_await gate.async_wait(asio::use_awaitable);
      co_return fail(error_code::internal, "not reached");
    };
    EXPECT_FALSE(run_on(other, anywhere.get("k", stuck, deadline::after(time.now(), 0s))));
    EXPECT_EQ(anywhere.under_way(), 1U);
  }
  EXPECT_EQ(anywhere.under_way(), 0U);
  EXPECT_EQ(run_on(io, anywhere.get("k", source(), deadline::after(time.now(), 10s))), "first");
}

TEST_F(FetchCache, ForgetsWhatIsDropped) {
  ASSERT_EQ(got(), "first");
  EXPECT_TRUE(held.drop("k"));
  EXPECT_FALSE(held.drop("k"));
  next = "second";
  EXPECT_EQ(got(), "second");
}

TEST_F(FetchCache, HoldsNoMoreThanItsCapacity) {
  for (const char* key : {"a", "b", "c"}) {
    ASSERT_TRUE(got(key));
    time.advance(1s);
  }
  ASSERT_TRUE(got("d"));
  EXPECT_EQ(held.size(), 3U);
  EXPECT_FALSE(held.held("a"));
  EXPECT_TRUE(held.held("b"));
}

TEST_F(FetchCache, AThrowingFetchIsAnInternalError) {
  cache::fetch broken = [](deadline) -> awaitable<result<cache::fetched>> {
    throw std::runtime_error("broken");
    co_return fail(error_code::internal, "");
  };
  EXPECT_EQ(run_on(io, held.get("k", broken, deadline::after(time.now(), 1s))).error().code, error_code::internal);
}

TEST_F(FetchCache, CancelEndsWhatIsUnderWay) {
  asio::steady_timer gate(io, asio::steady_timer::time_point::max());
  cache::fetch stuck = [&](deadline) -> awaitable<result<cache::fetched>> {
    co_await gate.async_wait(asio::use_awaitable);
    co_return fail(error_code::internal, "not reached");
  };
  asio::post(io, [this] { asio::post(io, [this] { held.cancel(); }); });
  const auto ended = run_on(io, held.get("k", stuck, deadline::after(time.now(), 1h)));
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, error_code::canceled);
  EXPECT_EQ(held.under_way(), 0U);
  EXPECT_EQ(got("other").error().code, error_code::canceled);
}

}  // namespace
}  // namespace pinhook
