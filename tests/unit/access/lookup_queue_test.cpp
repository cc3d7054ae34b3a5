#include <pinhook/access/lookup_queue.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_resolver.hpp"
#include "support/passing_waits.hpp"
#include "support/run.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::access {
namespace {

using namespace std::chrono_literals;
using testing::digest_of_digit;
using ::testing::ElementsAre;

const error limited{error_code::rate_limited, "429", {}};
const error broken{error_code::unavailable, "503", {}};
const error late{error_code::timed_out, "nothing in time", {}};
const error unknown{error_code::not_found, "404", {}};

error limited_for(std::chrono::seconds s) { return {error_code::rate_limited, "429", s}; }

// --- The decision ---

TEST(NextLookup, AsksAgainAfterABadMomentOnly) {
  const lookup_options options;
  EXPECT_TRUE(next_lookup(1, limited, 0, options));
  EXPECT_TRUE(next_lookup(1, broken, 0, options));
  for (const auto code : {error_code::invalid_input, error_code::not_found, error_code::unauthorized,
                          error_code::denied, error_code::timed_out, error_code::canceled, error_code::malformed,
                          error_code::unsupported, error_code::internal})
    EXPECT_FALSE(next_lookup(1, {code, "", {}}, 0, options)) << to_string(code);
}

TEST(NextLookup, EndsAfterItsTries) {
  const lookup_options options;
  EXPECT_FALSE(next_lookup(options.tries_unavailable, broken, 0, options));
  EXPECT_TRUE(next_lookup(options.tries_rate_limited - 1, limited, 0, options));
  EXPECT_FALSE(next_lookup(options.tries_rate_limited, limited, 0, options));
}

TEST(NextLookup, WaitsTwiceAsLongEachTimeUpToTheMost) {
  lookup_options options;
  options.tries_rate_limited = 100;
  EXPECT_EQ(next_lookup(1, limited, 0, options), 500ms);
  EXPECT_EQ(next_lookup(1, limited, 0.5, options), 750ms);
  EXPECT_EQ(next_lookup(2, limited, 0, options), 1s);
  EXPECT_EQ(next_lookup(4, limited, 0, options), 4s);
  EXPECT_EQ(next_lookup(99, limited, 0, options), 15s);
  EXPECT_LE(next_lookup(99, limited, 0.99, options), 30s);
}

TEST(NextLookup, WaitsAsLongAsTheRegistrySaysUpToTheMost) {
  const lookup_options options;
  EXPECT_EQ(next_lookup(1, limited_for(0s), 0, options), 0s);
  EXPECT_EQ(next_lookup(1, limited_for(30s), 0, options), 30s);
  EXPECT_FALSE(next_lookup(1, limited_for(31s), 0, options));
  EXPECT_FALSE(next_lookup(1, limited_for(std::chrono::seconds::max()), 0, options));
}

// --- The queue ---

// Answers each reference by its script, the last answer for ever, at the io_context's next turn; counts the look-ups
// under way.
class scripted_resolver final : public resolve::resolver {
 public:
  scripted_resolver(asio::io_context& on, testing::fake_clock& t) : io(on), time(t) {}

  awaitable<std::vector<result<resolve::answer>>> resolve(std::vector<resolve::query> queries, deadline d) override {
    asked.push_back(queries.front().ref.canonical());
    wants.push_back(queries.front().want);
    limits.push_back(d.remaining(time.now()));
    most = std::max(most, ++under_way);
    while (is_stalled) {
      asio::steady_timer turn(io, asio::steady_timer::time_point::min());
      co_await turn.async_wait(asio::use_awaitable);
    }
    asio::steady_timer turn(io, asio::steady_timer::time_point::min());
    co_await turn.async_wait(asio::use_awaitable);
    time.advance(takes);
    --under_way;
    auto& script = answers[asked_name(queries.front())];
    result<registry::digest> answer = fail(unknown);
    if (!script.empty()) answer = script.front();
    if (script.size() > 1) script.pop_front();
    std::vector<result<resolve::answer>> out;
    if (answer)
      out.emplace_back(resolve::answer{*answer, resolve::origin::registry});
    else
      out.push_back(fail(answer.error()));
    co_return out;
  }
  [[nodiscard]] std::optional<registry::digest> known(const resolve::query&) const override { return std::nullopt; }

  static std::string asked_name(const resolve::query& q) { return q.ref.canonical(); }

  asio::io_context& io;
  testing::fake_clock& time;
  std::map<std::string, std::deque<result<registry::digest>>> answers;
  std::chrono::nanoseconds takes{0};
  /// No answer comes while it is true.
  bool is_stalled = false;
  std::vector<std::string> asked;
  std::vector<resolve::freshness> wants;
  std::vector<std::chrono::nanoseconds> limits;
  std::size_t under_way = 0;
  std::size_t most = 0;
};

class LookupQueue : public ::testing::Test {
 protected:
  std::vector<std::string> find(const std::vector<std::string>& texts) {
    std::vector<registry::reference> refs;
    for (const auto& text : texts) refs.push_back(registry::reference::parse(text).value());
    auto seams = testing::passing_waits(time, &slept, 0.0);
    if (sleep) seams.sleep = sleep;
    lookup_queue queue({io.get_executor(), tags, nullptr, time, has_answered}, options, std::move(seams));
    const auto found = testing::run_on(io, queue.find(refs, [this](std::size_t done, std::size_t total) {
      reported.push_back(std::to_string(done) + "/" + std::to_string(total));
    }));
    std::vector<std::string> out;
    for (const auto& one : found)
      out.emplace_back(one ? std::string(one->hex().substr(0, 1)) : std::string(to_string(one.error().code)));
    return out;
  }
  // Sets the results of this reference, one for each try.
  void answers(const std::string& canonical, std::vector<result<registry::digest>> results) {
    tags.answers[canonical] = {results.begin(), results.end()};
  }

  asio::io_context io{1};
  testing::fake_clock time;
  scripted_resolver tags{io, time};
  std::function<bool(std::string_view, steady_time)> has_answered;
  lookup_options options;
  /// In place of waits that take no time.
  std::function<awaitable<void>(std::chrono::nanoseconds)> sleep;
  std::vector<std::chrono::nanoseconds> slept;
  std::vector<std::string> reported;
};

TEST_F(LookupQueue, AnswersInOrderAndAsksForEqualReferencesOnce) {
  answers("docker.io/library/nginx:latest", {digest_of_digit('a')});
  answers("ghcr.io/acme/api:v2", {digest_of_digit('b')});
  EXPECT_THAT(find({"nginx", "ghcr.io/acme/api:v2", "docker.io/library/nginx", "nginx:none", "nginx:latest"}),
              ElementsAre("a", "b", "a", "not_found", "a"));
  EXPECT_THAT(tags.asked, ::testing::UnorderedElementsAre("docker.io/library/nginx:latest",
                                                          "docker.io/library/nginx:none", "ghcr.io/acme/api:v2"));
  EXPECT_THAT(reported, ElementsAre("0/3", "1/3", "2/3", "3/3"));
  EXPECT_TRUE(slept.empty());
}

TEST_F(LookupQueue, ReportsNoProgressWithoutReferences) {
  EXPECT_THAT(find({}), ElementsAre());
  EXPECT_TRUE(reported.empty());
}

TEST_F(LookupQueue, TellsTheProgressByTheClockWhileARegistryStalls) {
  answers("r.example/a:1", {digest_of_digit('a')});
  tags.is_stalled = true;
  options.tell_every = 1s;
  int ticks = 0;
  sleep = [&](std::chrono::nanoseconds span) -> awaitable<void> {
    slept.push_back(span);
    if (++ticks == 4) tags.is_stalled = false;
    // Those after the fourth end as a timer does, when the queue cancels it.
    co_await sleep_on_timer(ticks <= 4 ? 0ns : std::chrono::nanoseconds(1h));
  };
  EXPECT_THAT(find({"r.example/a:1"}), ElementsAre("a"));
  EXPECT_THAT(slept, ::testing::Each(std::chrono::nanoseconds(1s)));
  ASSERT_GE(reported.size(), 5U);
  EXPECT_EQ(std::ranges::count(reported, "0/1"), static_cast<std::ptrdiff_t>(reported.size()) - 1);
  EXPECT_EQ(reported.back(), "1/1");
}

TEST_F(LookupQueue, AsksPastTheCacheWithTheLimitOfATry) {
  options.limit = 7s;
  find({"a:1"});
  EXPECT_THAT(tags.wants, ElementsAre(resolve::freshness::refreshed));
  // The resolver's own limit is 7 s: it must end first, since its error names the reason of the wait.
  ASSERT_EQ(tags.limits.size(), 1U);
  EXPECT_GT(tags.limits[0], 7s);
}

TEST_F(LookupQueue, AsksAllOfARegistryAtOnceUpToItsNumber) {
  std::vector<std::string> refs;
  for (int i = 0; i < 40; ++i) refs.push_back("r.example/a:" + std::to_string(i));
  find(refs);
  EXPECT_EQ(tags.most, 40U);
  EXPECT_EQ(tags.asked.size(), 40U);

  tags.asked.clear();
  tags.most = 0;
  options.at_once = 3;
  find(refs);
  EXPECT_EQ(tags.most, 3U);
  EXPECT_EQ(tags.asked.size(), 40U);

  tags.most = 0;
  for (int i = 0; i < 40; ++i) refs.push_back("s.example/a:" + std::to_string(i));
  find(refs);
  EXPECT_EQ(tags.most, 6U) << "each registry has a line of its own";
}

TEST_F(LookupQueue, AsksAgainAfterABadMoment) {
  answers("r.example/a:1", {fail(limited_for(3s)), fail(limited), fail(broken), digest_of_digit('a')});
  options.tries_unavailable = 4;
  EXPECT_THAT(find({"r.example/a:1"}), ElementsAre("a"));
  EXPECT_THAT(slept, ElementsAre(3s, 1s, 2s));
}

TEST_F(LookupQueue, EndsAfterItsTriesWithTheLastError) {
  answers("r.example/a:1", {fail(broken)});
  answers("r.example/b:1", {digest_of_digit('b')});
  EXPECT_THAT(find({"r.example/a:1", "r.example/b:1"}), ElementsAre("unavailable", "b"));
  EXPECT_EQ(std::ranges::count(tags.asked, "r.example/a:1"), options.tries_unavailable);
}

TEST_F(LookupQueue, DoesNotRepeatATryThatTimedOut) {
  answers("r.example/a:1", {fail(late), digest_of_digit('a')});
  EXPECT_THAT(find({"r.example/a:1"}), ElementsAre("timed_out"));
}

// 401, token, manifest at 11 s each do not fit into 30 s; challenge and token are known at the second try.
TEST_F(LookupQueue, RepeatsATryThatTimedOutWhereTheRegistryAnsweredMeanwhile) {
  tags.takes = 30s;
  has_answered = [this](std::string_view registry, steady_time since) {
    return registry == "slow.example" && since < time.now();
  };
  answers("slow.example/a:1", {fail(late), digest_of_digit('a')});
  answers("slow.example/b:1", {fail(late), fail(late), digest_of_digit('b')});
  answers("dead.example/a:1", {fail(late), digest_of_digit('a')});
  EXPECT_THAT(find({"slow.example/a:1", "dead.example/a:1"}), ElementsAre("a", "timed_out"));
  EXPECT_THAT(find({"slow.example/b:1"}), ElementsAre("timed_out"));
}

TEST_F(LookupQueue, GivesUpARegistryThatAnswersNothing) {
  options.at_once = 1;
  options.limit = 10s;
  tags.takes = 10s;
  std::vector<std::string> refs;
  for (int i = 0; i < 20; ++i) {
    refs.push_back("r.example/a:" + std::to_string(i));
    answers(refs.back(), {fail(late)});
  }
  const auto began = time.now();
  const auto found = find(refs);
  EXPECT_EQ(std::ranges::count(found, "timed_out"), 20);
  // 10 s, 20 s: not longer than two limits; the third try began at 20 s and was the last.
  EXPECT_EQ(tags.asked.size(), 3U);
  EXPECT_EQ(time.now() - began, 30s);
}

TEST_F(LookupQueue, IsPatientWithARegistryThatAnswersNowAndThen) {
  options.at_once = 1;
  options.limit = 10s;
  tags.takes = 10s;
  std::vector<std::string> refs;
  for (int i = 0; i < 20; ++i) {
    refs.push_back("r.example/a:" + std::to_string(i));
    answers(refs.back(), {i % 2 == 0 ? result<registry::digest>(fail(late)) : fail(unknown)});
  }
  const auto found = find(refs);
  EXPECT_EQ(tags.asked.size(), 20U);
  EXPECT_EQ(std::ranges::count(found, "not_found"), 10);
}

TEST_F(LookupQueue, DoesNotWaitBeyondItsPatience) {
  options.limit = 5s;
  answers("r.example/a:1", {fail(limited_for(11s)), digest_of_digit('a')});
  answers("r.example/b:1", {fail(limited_for(10s)), digest_of_digit('b')});
  EXPECT_THAT(find({"r.example/a:1"}), ElementsAre("rate_limited"));
  EXPECT_TRUE(slept.empty());
  EXPECT_THAT(find({"r.example/b:1"}), ElementsAre("b"));
}

}  // namespace
}  // namespace pinhook::access
