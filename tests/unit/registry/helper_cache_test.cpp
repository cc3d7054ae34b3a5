#include <pinhook/registry/helper_cache.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_process_runner.hpp"
#include "support/run.hpp"

#include <pinhook/registry/credential_helper.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace pinhook::registry {
namespace {

using namespace std::chrono_literals;
using answer = result<std::optional<credential>>;

process_output says(const std::string& password) {
  process_output out;
  out.output = secret(R"({"Username":"u","Secret":")" + password + "\"}");
  return out;
}

process_output says_none() {
  process_output out;
  out.exit_code = 1;
  out.output = secret("credentials not found in native keychain\n");
  return out;
}

// The password, "none", or the error's name.
std::string text_of(const answer& got) {
  if (!got) return std::string(to_string(got.error().code));
  return *got ? (*got)->secret.reveal() : "none";
}

// A runner of programs that end when the test ends them.
class held_runner final : public process_runner {
 public:
  explicit held_runner(asio::io_context& io) : io_(io) {}

  awaitable<result<process_output>> run(process_request request, deadline) override {
    const auto own = std::make_shared<program>(io_);
    own->server = request.input.reveal();
    programs.push_back(own);
    boost::system::error_code ec;
    co_await own->ends.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    if (!own->outcome) co_return fail(error_code::canceled, "killed");
    co_return *own->outcome;
  }

  void end(std::size_t which, result<process_output> outcome) {
    programs.at(which)->outcome = std::move(outcome);
    programs.at(which)->ends.cancel();
    io_.restart();
    io_.poll();
  }

  struct program {
    explicit program(asio::io_context& io) : ends(io, steady_time::max()) {}
    std::string server;
    asio::steady_timer ends;
    std::optional<result<process_output>> outcome;
  };
  std::deque<std::shared_ptr<program>> programs;

 private:
  asio::io_context& io_;
};

struct HelperCacheInTime : ::testing::Test {
  testing::fake_clock time;
  testing::fake_process_runner processes;
  helper_cache cache{processes, time, {}};

  answer ask(const std::string& server = "r.io") {
    return testing::run(cache.ask(helper_call{"h", server}, deadline::never()));
  }
};

TEST_F(HelperCacheInTime, HoldsAnAnswerForItsTime) {
  processes.answer(says("one"));
  processes.answer(says("two"));
  EXPECT_EQ(text_of(ask()), "one");
  EXPECT_EQ(text_of(ask()), "one");
  time.advance(59s);
  EXPECT_EQ(text_of(ask()), "one");
  EXPECT_EQ(processes.calls().size(), 1U);
  time.advance(1s);
  EXPECT_EQ(text_of(ask()), "two");
  EXPECT_EQ(processes.calls().size(), 2U);
}

TEST_F(HelperCacheInTime, HoldsOneAnswerPerHelperAndServer) {
  processes.answer(says("one"));
  processes.answer(says("two"));
  processes.answer(says("three"));
  EXPECT_EQ(text_of(ask("a.io")), "one");
  EXPECT_EQ(text_of(ask("b.io")), "two");
  EXPECT_EQ(text_of(testing::run(cache.ask(helper_call{"other", "a.io"}, deadline::never()))), "three");
  EXPECT_EQ(text_of(ask("a.io")), "one");
  EXPECT_EQ(processes.calls().size(), 3U);
}

TEST_F(HelperCacheInTime, HoldsThatThereAreNone) {
  processes.answer(says_none());
  processes.answer(says("late"));
  EXPECT_EQ(text_of(ask()), "none");
  EXPECT_EQ(text_of(ask()), "none");
  EXPECT_EQ(processes.calls().size(), 1U);
}

TEST_F(HelperCacheInTime, HoldsNoFailure) {
  processes.refuse({error_code::timed_out, "slow", std::nullopt});
  processes.answer(process_output{.exit_code = 1, .output = secret("broken"), .errors = {}});
  processes.answer(says("good"));
  EXPECT_EQ(text_of(ask()), "timed_out");
  EXPECT_EQ(text_of(ask()), "unavailable");
  EXPECT_EQ(text_of(ask()), "good");
}

TEST_F(HelperCacheInTime, GivesAHelperItsOwnTimeWhateverIsLeftToTheCaller) {
  processes.answer(says("one"));
  const auto now = time.now();
  static_cast<void>(testing::run(cache.ask(helper_call{"h", "a.io"}, deadline::after(now, 5min))));
  static_cast<void>(testing::run(cache.ask(helper_call{"h", "b.io"}, deadline::after(now, 3s))));
  EXPECT_EQ(processes.calls().at(0).until, deadline::after(now, 30s));
  EXPECT_EQ(processes.calls().at(1).until, deadline::after(now, 30s));
}

TEST_F(HelperCacheInTime, AMissingHelperSaysNothingAboutTheImage) {
  struct row {
    error_code ran, expected;
  };
  for (const auto& [ran, expected] : {row{error_code::not_found, error_code::unavailable},
                                      {error_code::denied, error_code::unavailable},
                                      {error_code::internal, error_code::unavailable},
                                      {error_code::malformed, error_code::malformed},
                                      {error_code::timed_out, error_code::timed_out},
                                      {error_code::canceled, error_code::canceled}}) {
    testing::fake_process_runner failing;
    failing.refuse({ran, "why", std::nullopt});
    helper_cache own(failing, time, {});
    const auto got = testing::run(own.ask(helper_call{"h", "r.io"}, deadline::never()));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, expected);
    EXPECT_EQ(got.error().message, R"(credentials for "r.io": why)");
  }
}

TEST_F(HelperCacheInTime, HoldsABoundedNumberOfAnswers) {
  helper_cache small(processes, time, {.max_held = 2});
  processes.answer(says("x"));
  const auto calls_for = [&](const std::string& server) {
    const auto before = processes.calls().size();
    static_cast<void>(testing::run(small.ask(helper_call{"h", server}, deadline::never())));
    return processes.calls().size() - before;
  };
  EXPECT_EQ(calls_for("a.io"), 1U);
  time.advance(50s);
  EXPECT_EQ(calls_for("b.io"), 1U);
  time.advance(20s);
  EXPECT_EQ(calls_for("c.io"), 1U);  // a.io has expired and makes room
  EXPECT_EQ(calls_for("b.io"), 0U);
  EXPECT_EQ(calls_for("d.io"), 1U);  // nothing has expired: the one that expires first goes
  EXPECT_EQ(calls_for("d.io"), 0U);
  EXPECT_EQ(calls_for("c.io"), 0U);
  EXPECT_EQ(calls_for("b.io"), 1U);
}

struct HelperCacheAtOnce : ::testing::Test {
  asio::io_context io{1};
  held_runner processes{io};
  helper_cache cache{processes, machine_clock(), {.max_running = 2}};
  std::deque<std::optional<answer>> answers;

  // Asks and goes as far as it can.
  std::optional<answer>& ask(const std::string& server, asio::cancellation_slot slot = {},
                             deadline d = deadline::never()) {
    auto& to = answers.emplace_back();
    auto work = [](helper_cache& from, std::string name, deadline until,
                   std::optional<answer>& out) -> awaitable<void> {
      helper_call call{"h", std::move(name)};
      auto got = co_await from.ask(std::move(call), until);
      out.emplace(std::move(got));
    };
    asio::co_spawn(io, work(cache, server, d, to), asio::bind_cancellation_slot(slot, [](std::exception_ptr) {}));
    turn();
    return to;
  }
  void turn() {
    io.restart();
    io.poll();
  }
};

TEST_F(HelperCacheAtOnce, OneProcessAnswersAllWhoAsk) {
  const auto& a = ask("r.io");
  const auto& b = ask("r.io");
  const auto& c = ask("r.io");
  const auto& other = ask("other.io");
  ASSERT_EQ(processes.programs.size(), 2U);
  EXPECT_FALSE(a || b || c);
  processes.end(0, says("one"));
  ASSERT_TRUE(a && b && c);
  EXPECT_EQ(text_of(*a), "one");
  EXPECT_EQ(text_of(*b), "one");
  EXPECT_EQ(text_of(*c), "one");
  EXPECT_FALSE(other);
  processes.end(1, says_none());
  ASSERT_TRUE(other);
  EXPECT_EQ(text_of(*other), "none");
}

TEST_F(HelperCacheAtOnce, AFailureIsToldToAllWhoWaited) {
  const auto& a = ask("r.io");
  const auto& b = ask("r.io");
  processes.end(0, fail(error_code::not_found, "no such program"));
  ASSERT_TRUE(a && b);
  EXPECT_EQ(text_of(*a), "unavailable");
  EXPECT_EQ(text_of(*b), "unavailable");
  const auto& again = ask("r.io");
  EXPECT_EQ(processes.programs.size(), 2U);
  processes.end(1, says("good"));
  EXPECT_EQ(text_of(*again), "good");
}

TEST_F(HelperCacheAtOnce, AFirstThatGivesUpDoesNotEndTheHelper) {
  asio::cancellation_signal stop;
  const auto& first = ask("r.io", stop.slot());
  const auto& second = ask("r.io");
  const auto& third = ask("r.io");
  stop.emit(asio::cancellation_type::terminal);
  turn();
  ASSERT_TRUE(first);
  EXPECT_EQ(text_of(*first), "canceled");
  EXPECT_FALSE(second || third);
  ASSERT_EQ(processes.programs.size(), 1U);
  processes.end(0, says("good"));
  ASSERT_TRUE(second && third);
  EXPECT_EQ(text_of(*second), "good");
  EXPECT_EQ(text_of(*third), "good");
}

TEST_F(HelperCacheAtOnce, AShorterDeadlineOfTheFirstIsNotTheOthers) {
  const auto& first = ask("r.io", {}, deadline::at(machine_clock().now() - 1s));
  const auto& second = ask("r.io");
  ASSERT_TRUE(first);
  EXPECT_EQ(text_of(*first), "timed_out");
  EXPECT_FALSE(second);
  ASSERT_EQ(processes.programs.size(), 1U);
  processes.end(0, says("good"));
  EXPECT_EQ(text_of(*second), "good");
}

TEST_F(HelperCacheAtOnce, AHelperThatNobodyWaitsForAnswersTheNextRequest) {
  asio::cancellation_signal stop;
  ask("r.io", stop.slot());
  stop.emit(asio::cancellation_type::terminal);
  turn();
  processes.end(0, says("good"));
  const auto& next = ask("r.io");
  ASSERT_TRUE(next);
  EXPECT_EQ(text_of(*next), "good");
  EXPECT_EQ(processes.programs.size(), 1U);
}

TEST_F(HelperCacheAtOnce, AHelperThatUsedUpItsTimeIsNotRunForEachWhoWaited) {
  const auto& first = ask("r.io");
  const auto& second = ask("r.io");
  processes.end(0, fail(error_code::timed_out, "killed"));
  EXPECT_EQ(text_of(*first), "timed_out");
  EXPECT_EQ(text_of(*second), "timed_out");
  EXPECT_EQ(processes.programs.size(), 1U);
}

TEST_F(HelperCacheAtOnce, WhoWaitsHasAnOwnDeadline) {
  const auto& first = ask("r.io");
  const auto& late = ask("r.io", {}, deadline::at(machine_clock().now() - 1s));
  ASSERT_TRUE(late);
  EXPECT_EQ(text_of(*late), "timed_out");
  EXPECT_EQ(late->error().message, R"(the credential helper for "r.io" did not answer in time)");
  processes.end(0, says("good"));
  EXPECT_EQ(text_of(*first), "good");
}

TEST_F(HelperCacheAtOnce, WhoWaitsMayGiveUp) {
  asio::cancellation_signal stop;
  const auto& first = ask("r.io");
  const auto& second = ask("r.io", stop.slot());
  stop.emit(asio::cancellation_type::terminal);
  turn();
  ASSERT_TRUE(second);
  EXPECT_EQ(text_of(*second), "canceled");
  processes.end(0, says("good"));
  EXPECT_EQ(text_of(*first), "good");
}

TEST_F(HelperCacheAtOnce, RunsABoundedNumberOfHelpers) {
  const auto& a = ask("a.io");
  const auto& b = ask("b.io");
  const auto& c = ask("c.io");
  ASSERT_TRUE(c);
  EXPECT_EQ(text_of(*c), "unavailable");
  EXPECT_EQ(c->error().message, R"(2 credential helpers are running already; none was started for "c.io")");
  const auto& joins = ask("a.io");
  EXPECT_FALSE(joins) << "joining one that runs costs nothing";
  processes.end(0, says("one"));
  processes.end(1, says("two"));
  EXPECT_EQ(text_of(*a), "one");
  EXPECT_EQ(text_of(*b), "two");
  const auto& d = ask("d.io");
  EXPECT_EQ(processes.programs.size(), 3U);
  processes.end(2, says("three"));
  EXPECT_EQ(text_of(*d), "three");
}

}  // namespace
}  // namespace pinhook::registry
