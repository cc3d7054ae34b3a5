#include <pinhook/access/lookup_queue.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_resolver.hpp"
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
  const lookup_rules rules;
  EXPECT_TRUE(next_lookup(1, limited, 0, rules));
  EXPECT_TRUE(next_lookup(1, broken, 0, rules));
  for (const auto code : {error_code::invalid_input, error_code::not_found, error_code::unauthorized,
                          error_code::denied, error_code::timed_out, error_code::canceled, error_code::malformed,
                          error_code::unsupported, error_code::internal})
    EXPECT_FALSE(next_lookup(1, {code, "", {}}, 0, rules)) << to_string(code);
}

TEST(NextLookup, EndsAfterItsTries) {
  const lookup_rules rules;
  EXPECT_FALSE(next_lookup(rules.tries_unavailable, broken, 0, rules));
  EXPECT_TRUE(next_lookup(rules.tries_rate_limited - 1, limited, 0, rules));
  EXPECT_FALSE(next_lookup(rules.tries_rate_limited, limited, 0, rules));
}

TEST(NextLookup, WaitsTwiceAsLongEachTimeUpToTheMost) {
  lookup_rules rules;
  rules.tries_rate_limited = 100;
  EXPECT_EQ(next_lookup(1, limited, 0, rules), 500ms);
  EXPECT_EQ(next_lookup(1, limited, 0.5, rules), 750ms);
  EXPECT_EQ(next_lookup(2, limited, 0, rules), 1s);
  EXPECT_EQ(next_lookup(4, limited, 0, rules), 4s);
  EXPECT_EQ(next_lookup(99, limited, 0, rules), 15s);
  EXPECT_LE(next_lookup(99, limited, 0.99, rules), 30s);
}

TEST(NextLookup, WaitsAsLongAsTheRegistrySaysUpToTheMost) {
  const lookup_rules rules;
  EXPECT_EQ(next_lookup(1, limited_for(0s), 0, rules), 0s);
  EXPECT_EQ(next_lookup(1, limited_for(30s), 0, rules), 30s);
  EXPECT_FALSE(next_lookup(1, limited_for(31s), 0, rules));
  EXPECT_FALSE(next_lookup(1, limited_for(std::chrono::seconds::max()), 0, rules));
}

// --- The queue ---

// Answers each reference by its script, the last for ever, when the io_context comes to it; counts what is under way.
class scripted_resolver final : public resolve::resolver {
 public:
  scripted_resolver(asio::io_context& on, testing::fake_clock& t) : io(on), time(t) {}

  awaitable<std::vector<result<resolve::answer>>> resolve(std::vector<resolve::query> queries, deadline d) override {
    asked.push_back(queries.front().ref.canonical());
    wants.push_back(queries.front().want);
    limits.push_back(d.remaining(time.now()));
    most = std::max(most, ++under_way);
    asio::steady_timer turn(io, asio::steady_timer::time_point::min());
    co_await turn.async_wait(asio::use_awaitable);
    time.advance(takes);
    --under_way;
    auto& script = answers[asked_name(queries.front())];
    result<registry::digest> said = fail(unknown);
    if (!script.empty()) said = script.front();
    if (script.size() > 1) script.pop_front();
    std::vector<result<resolve::answer>> out;
    if (said)
      out.emplace_back(resolve::answer{*said, resolve::origin::registry});
    else
      out.push_back(fail(said.error()));
    co_return out;
  }
  [[nodiscard]] std::optional<registry::digest> known(const resolve::query&) const override { return std::nullopt; }

  static std::string asked_name(const resolve::query& q) { return q.ref.canonical(); }

  asio::io_context& io;
  testing::fake_clock& time;
  std::map<std::string, std::deque<result<registry::digest>>> answers;
  std::chrono::nanoseconds takes{0};
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
    lookup_queue::seams seams;
    seams.sleep = [this](std::chrono::nanoseconds span) -> awaitable<void> {
      slept.push_back(span);
      time.advance(span);
      co_return;
    };
    seams.random = [] { return 0.0; };
    lookup_queue queue({io.get_executor(), tags, nullptr, time}, rules, std::move(seams));
    const auto found = testing::run_on(io, queue.find(refs, [this](std::size_t done, std::size_t total) {
      told.push_back(std::to_string(done) + "/" + std::to_string(total));
    }));
    std::vector<std::string> out;
    for (const auto& one : found)
      out.emplace_back(one ? std::string(one->hex().substr(0, 1)) : std::string(to_string(one.error().code)));
    return out;
  }
  // What this reference answers, one after the other.
  void says(const std::string& canonical, std::vector<result<registry::digest>> what) {
    tags.answers[canonical] = {what.begin(), what.end()};
  }

  asio::io_context io{1};
  testing::fake_clock time;
  scripted_resolver tags{io, time};
  lookup_rules rules;
  std::vector<std::chrono::nanoseconds> slept;
  std::vector<std::string> told;
};

TEST_F(LookupQueue, AnswersInOrderAndAsksWhatMeansTheSameOnce) {
  says("docker.io/library/nginx:latest", {digest_of_digit('a')});
  says("ghcr.io/acme/api:v2", {digest_of_digit('b')});
  EXPECT_THAT(find({"nginx", "ghcr.io/acme/api:v2", "docker.io/library/nginx", "nginx:none", "nginx:latest"}),
              ElementsAre("a", "b", "a", "not_found", "a"));
  EXPECT_THAT(tags.asked, ::testing::UnorderedElementsAre("docker.io/library/nginx:latest",
                                                          "docker.io/library/nginx:none", "ghcr.io/acme/api:v2"));
  EXPECT_THAT(told, ElementsAre("0/3", "1/3", "2/3", "3/3"));
  EXPECT_TRUE(slept.empty());
}

TEST_F(LookupQueue, SaysNothingOfNothing) {
  EXPECT_THAT(find({}), ElementsAre());
  EXPECT_TRUE(told.empty());
}

TEST_F(LookupQueue, AsksPastTheCacheWithTheLimitOfATry) {
  rules.limit = 7s;
  find({"a:1"});
  EXPECT_THAT(tags.wants, ElementsAre(resolve::freshness::refreshed));
  // The resolver's own limit is 7 s: it must end first, since it knows what it waited for.
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
  rules.at_once = 3;
  find(refs);
  EXPECT_EQ(tags.most, 3U);
  EXPECT_EQ(tags.asked.size(), 40U);

  tags.most = 0;
  for (int i = 0; i < 40; ++i) refs.push_back("s.example/a:" + std::to_string(i));
  find(refs);
  EXPECT_EQ(tags.most, 6U) << "each registry has a line of its own";
}

TEST_F(LookupQueue, AsksAgainAfterABadMoment) {
  says("r.example/a:1", {fail(limited_for(3s)), fail(limited), fail(broken), digest_of_digit('a')});
  rules.tries_unavailable = 4;
  EXPECT_THAT(find({"r.example/a:1"}), ElementsAre("a"));
  EXPECT_THAT(slept, ElementsAre(3s, 1s, 2s));
}

TEST_F(LookupQueue, EndsAfterItsTriesWithTheLastError) {
  says("r.example/a:1", {fail(broken)});
  says("r.example/b:1", {digest_of_digit('b')});
  EXPECT_THAT(find({"r.example/a:1", "r.example/b:1"}), ElementsAre("unavailable", "b"));
  EXPECT_EQ(std::ranges::count(tags.asked, "r.example/a:1"), rules.tries_unavailable);
}

TEST_F(LookupQueue, DoesNotAskAgainForWhatTookItsWholeTime) {
  says("r.example/a:1", {fail(late), digest_of_digit('a')});
  EXPECT_THAT(find({"r.example/a:1"}), ElementsAre("timed_out"));
}

TEST_F(LookupQueue, GivesUpARegistryThatAnswersNothing) {
  rules.at_once = 1;
  rules.limit = 10s;
  tags.takes = 10s;
  std::vector<std::string> refs;
  for (int i = 0; i < 20; ++i) {
    refs.push_back("r.example/a:" + std::to_string(i));
    says(refs.back(), {fail(late)});
  }
  const auto began = time.now();
  const auto found = find(refs);
  EXPECT_EQ(std::ranges::count(found, "timed_out"), 20);
  // 10 s, 20 s: not longer than two limits; the third try began at 20 s and was the last.
  EXPECT_EQ(tags.asked.size(), 3U);
  EXPECT_EQ(time.now() - began, 30s);
}

TEST_F(LookupQueue, IsPatientWithARegistryThatAnswersNowAndThen) {
  rules.at_once = 1;
  rules.limit = 10s;
  tags.takes = 10s;
  std::vector<std::string> refs;
  for (int i = 0; i < 20; ++i) {
    refs.push_back("r.example/a:" + std::to_string(i));
    says(refs.back(), {i % 2 == 0 ? result<registry::digest>(fail(late)) : fail(unknown)});
  }
  const auto found = find(refs);
  EXPECT_EQ(tags.asked.size(), 20U);
  EXPECT_EQ(std::ranges::count(found, "not_found"), 10);
}

TEST_F(LookupQueue, DoesNotWaitBeyondItsPatience) {
  rules.limit = 5s;
  says("r.example/a:1", {fail(limited_for(11s)), digest_of_digit('a')});
  says("r.example/b:1", {fail(limited_for(10s)), digest_of_digit('b')});
  EXPECT_THAT(find({"r.example/a:1"}), ElementsAre("rate_limited"));
  EXPECT_TRUE(slept.empty());
  EXPECT_THAT(find({"r.example/b:1"}), ElementsAre("b"));
}

}  // namespace
}  // namespace pinhook::access
