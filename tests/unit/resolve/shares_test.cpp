// Namespaces that look up at the same time: none of them keeps another from its answer, even by a flood.
#include "resolver_world.hpp"
#include "support/dice.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using testing::digest_of_digit;
using ::testing::HasSubstr;

struct Shares : testing::resolver_world {
  static query of(const std::string& owner, const std::string& ref) {
    query out = testing::query_of(ref);
    out.owner = owner;
    return out;
  }
  // `number` images; "{}" in the pattern is theirs.
  std::shared_ptr<testing::pending_request> post(const std::string& owner, const std::string& pattern, int number,
                                                 std::chrono::nanoseconds within, int from = 0) {
    std::vector<query> all;
    for (int i = from; i < from + number; ++i) all.push_back(of(owner, fmt::format(fmt::runtime(pattern), i)));
    return start(std::move(all), within);
  }
  // The registry knows the images of a quiet namespace, and answers in 5 ms: the limit is that and one such time more.
  void expect_pinned(const std::string& ref, const char* when) {
    client.holds(testing::query_of(ref).ref.canonical(), digest_of_digit('a'));
    client.answers(testing::query_of(ref).ref.registry(), testing::query_of(ref).ref.repository(), 5ms);
    const auto quiet = start(of("quiet", ref), 4500ms);
    time.advance(10ms);
    ASSERT_TRUE(quiet->is_done()) << when << ": still waits";
    ASSERT_TRUE(quiet->only()) << when << ": " << quiet->only().error().message;
  }
};

// attack.md, fault 1.
TEST_F(Shares, LookUpsAtHostsThatHangKeepNobodyFromAHealthyRegistry) {
  options.flights.most = 512;
  open();
  client.hang();
  int n = 0;
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 5; ++i, n += 150) post("noisy", "h{}.example/x:1", 150, 1500ms, n);
    for (int i = 0; i < 10; ++i) {
      expect_pinned(fmt::format("good.example/app:{}-{}", round, i), "among look-ups that hang");
      time.advance(500ms);
    }
    EXPECT_LE(watch.lookups(), options.flights.most + 1);
  }
}

// attack.md, fault 3.
TEST_F(Shares, TheLineOfARegistryIsShared) {
  client.answers("busy.example", "flood", 50ms);
  int n = 0;
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 2; ++i, n += 400) post("noisy", "busy.example/flood:{}", 400, 1s, n);
    client.holds("busy.example/app:" + std::to_string(round), digest_of_digit('a'));
    client.answers("busy.example", "app", 50ms);
    const auto quiet = start(of("quiet", fmt::format("busy.example/app:{}", round)), 4500ms);
    time.advance(100ms);
    ASSERT_TRUE(quiet->is_done()) << round;
    EXPECT_TRUE(quiet->only()) << quiet->only().error().message;
    time.advance(400ms);
  }
}

// Between two looks at the sockets run a few look-ups, not all that an object wants.
TEST_F(Shares, AnObjectOfManyImagesIsBegunAndGivenUpInSlices) {
  options.flights.most_of_request = 300;
  open();
  client.hang();
  std::vector<query> all;
  for (int i = 0; i < 400; ++i) all.push_back(of("noisy", fmt::format("h{}.example/x:1", i)));
  auto p = std::make_shared<testing::pending_request>();
  boost::asio::co_spawn(time.io, keep(tags, std::move(all), deadline::after(time.clock.now(), 1s), p),
                        [](const std::exception_ptr&) {});
  time.io.restart();
  int most = 0;
  for (int before = 0; time.io.poll_one() != 0; before = watch.count("started"))
    most = std::max(most, watch.count("started") - before);
  EXPECT_EQ(watch.count("started"), 300);
  EXPECT_LE(most, 8);
  time.advance(1s);
  ASSERT_TRUE(p->is_done());
  for (const auto& one : *p->answers) EXPECT_EQ(one.error().code, error_code::timed_out);
}

TEST_F(Shares, OfAnObjectOfManyImagesSomeAreLookedUpAtATime) {
  client.hang();
  const auto p = post("noisy", "h{}.example/x:1", 200, 1s);
  EXPECT_EQ(watch.count("started"), 128);
  time.advance(1s);
  ASSERT_TRUE(p->is_done());
  EXPECT_EQ(watch.count("started"), 128) << "begun after the deadline";
  EXPECT_THAT((*p->answers)[127].error().message, HasSubstr("goes on"));
  EXPECT_EQ((*p->answers)[128].error().code, error_code::timed_out);
  EXPECT_EQ((*p->answers)[128].error().message,
            "the look-up of h128.example/x:1 was not begun within 1.0 s: 128 other images of the same request came "
            "first, and 128 are looked up at a time; try again");
}

TEST_F(Shares, EveryImageOfAnObjectOfManyIsLookedUpInItsTurn) {
  client.hang();
  for (int i = 0; i < 1000; ++i) client.holds(fmt::format("h{}.example/x:{}", i % 9, i), digest_of_digit('a'));
  for (int i = 0; i < 9; ++i) client.answers(fmt::format("h{}.example", i), "x", 5ms);
  std::vector<query> all;
  for (int i = 0; i < 1000; ++i) all.push_back(of("large", fmt::format("h{}.example/x:{}", i % 9, i)));
  const auto p = start(std::move(all), 5s);
  for (int i = 0; i < 100 && !p->is_done(); ++i) {
    EXPECT_LE(watch.count("started") - watch.count("found"), 128);
    time.advance(5ms);
  }
  ASSERT_TRUE(p->is_done());
  EXPECT_EQ(watch.count("started"), 1000);
  for (const auto& one : *p->answers) EXPECT_TRUE(one) << one.error().message;
}

TEST_F(Shares, StoppingRefusesWhatWasNotBegun) {
  client.hang();
  std::vector<query> all;
  for (int i = 0; i < 100; ++i) all.push_back(of("noisy", fmt::format("h{}.example/x:1", i)));
  auto p = std::make_shared<testing::pending_request>();
  boost::asio::co_spawn(time.io, keep(tags, std::move(all), deadline::after(time.clock.now(), 1s), p),
                        [](const std::exception_ptr&) {});
  time.io.restart();
  while (watch.count("started") == 0) time.io.poll_one();
  boost::asio::co_spawn(time.io, tags->stop(), [](const std::exception_ptr&) {});
  time.settle();
  ASSERT_TRUE(p->is_done());
  EXPECT_LT(watch.count("started"), 100);
  for (const auto& one : *p->answers) EXPECT_EQ(one.error().code, error_code::canceled);
}

TEST_F(Shares, ARepositoryThatHangsDoesNotTakeEveryPlaceOfItsRegistry) {
  client.hang();
  for (int second = 0; second < 40; ++second) {
    if (second % 2 == 0)
      for (int i = 0; i < 16; ++i) post("noisy", "r.example/hangs:{}", 1, 2500ms, second * 100 + i);
    expect_pinned(fmt::format("r.example/app:{}", second), "beside a repository that hangs");
    time.advance(990ms);
  }
}

TEST_F(Shares, SeveralNamespacesThatFloodLeaveOneMoreItsPlace) {
  client.hang();
  for (int owner = 0; owner < 20; ++owner)
    post(fmt::format("noisy{}", owner), "r.example/hangs:{}", 20, 30s, owner * 100);
  time.advance(2s);
  expect_pinned("r.example/app:1", "beside twenty");
}

// attack.md, fault 2.
TEST_F(Shares, ARepositoryThatFailsIsNoReasonToLeaveTheOthers) {
  const error broken{error_code::unavailable, "503 from it", {}};
  client.hang();
  client.answers("r.example", "broken", 1ms);
  for (int tag = 0; tag < 8; ++tag) client.fails(fmt::format("r.example/broken:{}", tag), broken);
  for (int i = 0; i < 600; ++i) {
    post("noisy", "r.example/broken:{}", 1, 1500ms, i % 8);
    if (i % 20 == 0) expect_pinned(fmt::format("r.example/app:{}", i), "beside a repository that fails");
    time.advance(50ms);
  }
}

// A proxy project whose upstream is down: each of its repositories fails.
TEST_F(Shares, ManyRepositoriesThatFailAreNoReasonToLeaveAnotherNamespace) {
  const error broken{error_code::unavailable, "503 from it", {}};
  client.hang();
  for (int i = 0; i < 300; ++i) {
    const auto name = fmt::format("proxy/p{}", i % 30);
    client.answers("r.example", name, 1ms);
    client.fails(fmt::format("r.example/{}:1", name), broken);
    start(of("noisy", fmt::format("r.example/{}:1", name)), 1500ms);
    if (i % 10 == 0) expect_pinned(fmt::format("r.example/app:{}", i), "beside a project that fails");
    time.advance(50ms);
  }
}

// Requests that wait for a rest's end, and those that cannot.
TEST_F(Shares, ALimitOfASecondIsWaitedFor) {
  client.fails_next({error_code::rate_limited, "slow down", 1s});
  for (const char* tag : {"1", "2", "3"}) client.holds(fmt::format("r.example/app:{}", tag), digest_of_digit('a'));
  const auto first = start(of("a", "r.example/app:1"), 8s);
  const auto other = start(of("b", "r.example/app:2"), 8s);
  const auto hasty = start(of("c", "r.example/app:3"), 900ms);
  ASSERT_TRUE(hasty->is_done());
  EXPECT_EQ(hasty->only().error().code, error_code::rate_limited);
  EXPECT_FALSE(first->is_done() || other->is_done());
  time.advance(1100ms);
  ASSERT_TRUE(first->is_done() && other->is_done());
  EXPECT_TRUE(first->only() && other->only());
}

TEST_F(Shares, ALimitBeyondTheDeadlineIsToldAtOnce) {
  client.fails("r.example/app:1", {error_code::rate_limited, "slow down", 3600s});
  const auto first = start(of("a", "r.example/app:1"), 8s);
  ASSERT_TRUE(first->is_done());
  EXPECT_EQ(first->only().error().code, error_code::rate_limited);
  EXPECT_TRUE(start(of("b", "r.example/app:2"), 8s)->is_done());
  EXPECT_EQ(watch.trouble("r.example registry"), 1);
}

TEST_F(Shares, WhatIsInTroubleIsCountedUntilItAnswers) {
  client.fails("r.example/app:1", {error_code::unavailable, "503", {}});
  start(of("a", "r.example/app:1"));
  EXPECT_EQ(watch.trouble("r.example repository"), 1);
  EXPECT_EQ(watch.trouble("r.example registry"), 0);
  time.advance(2s);
  EXPECT_EQ(watch.trouble("r.example repository"), 1) << "it has not answered yet";
  client.holds("r.example/app:1", digest_of_digit('a'));
  start(of("a", "r.example/app:1"));
  EXPECT_EQ(watch.trouble("r.example repository"), 0);
}

// Whatever many do at the same time, bounds hold, one that asks seldom is answered soon, and nothing is left.
TEST_F(Shares, DiceOverOwnersRegistriesAndFailures) {
  for (unsigned seed = 0; seed < 3; ++seed) {
    SCOPED_TRACE(seed);
    TearDown();
    testing::dice dice(seed);
    options.flights.most = 40 + dice.roll(100);
    options.gate.requests = 20 + dice.roll(30);
    options.gate.requests_per_host = 4 + dice.roll(12);
    open();
    client.hang();
    const std::size_t floods = 1 + dice.roll(4);
    for (int step = 0; step < 80; ++step) {
      const std::string host = fmt::format("h{}.example", dice.roll(4));
      const std::string repository = fmt::format("{}/r{}", host, dice.roll(12));
      switch (dice.roll(5)) {
        case 0:
          client.answers(host, fmt::format("r{}", dice.roll(12)), std::chrono::milliseconds(1 + dice.roll(80)));
          break;
        case 1:
          for (int tag = 0; tag < 9; ++tag)
            client.fails(fmt::format("{}:{}", repository, tag),
                         {dice.once_in(4) ? error_code::timed_out : error_code::unavailable, "503", {}});
          break;
        default:
          post(fmt::format("noisy{}", dice.roll(floods)), repository + ":{}", static_cast<int>(1 + dice.roll(60)),
               std::chrono::milliseconds(200 + dice.roll(4000)), static_cast<int>(dice.roll(9)));
      }
      time.advance(std::chrono::milliseconds(dice.roll(300)));
      EXPECT_LE(watch.lookups(), options.flights.most + 60) << "those that gave way and end";
      EXPECT_LE(client.hanging(), options.gate.requests);
      if (step % 8 != 0) continue;
      const std::string mine = fmt::format("{}/mine:{}-{}", host, seed, step);
      client.answers(host, "mine", 5ms);
      client.holds(mine, digest_of_digit('a'));
      const auto quiet = start(of("quiet", mine), 4500ms);
      time.advance(options.gate.patience * 2 + 20ms);
      ASSERT_TRUE(quiet->is_done()) << step;
      EXPECT_TRUE(quiet->only()) << step << quiet->only().error().message;
    }
    time.advance(1min);
    EXPECT_EQ(watch.lookups(), 0U);
    EXPECT_EQ(client.hanging(), 0U);
  }
}

TEST_F(Shares, AQuestionIsAskedOnceForSeveralNamespaces) {
  client.hang();
  const auto a = start(of("a", "r.example/app:1"));
  const auto b = start(of("b", "r.example/app:1"));
  EXPECT_EQ(client.hanging(), 1U);
  client.holds("r.example/app:1", digest_of_digit('a'));
  client.release();
  time.settle();
  EXPECT_TRUE(a->only() && b->only());
}

TEST_F(Shares, WhoJoinsALookUpInAnothersLineBringsHisOwnTurn) {
  client.hang();
  client.answers("r.example", "flood", 50ms);
  post("noisy", "r.example/flood:{}", 400, 5s);
  client.holds("r.example/flood:399", digest_of_digit('a'));
  const auto quiet = start(of("quiet", "r.example/flood:399"), 4s);
  time.advance(100ms);
  ASSERT_TRUE(quiet->is_done());
  EXPECT_TRUE(quiet->only());
}

TEST_F(Shares, WhenTheTableIsFullTheOneWhoHasMostGivesWay) {
  options.flights.most = 10;
  open();
  client.hang();
  const auto noisy = post("noisy", "h{}.example/x:1", 10, 20s);
  const auto quiet = start(of("quiet", "good.example/app:1"));
  EXPECT_FALSE(quiet->is_done());
  EXPECT_EQ(watch.count("gave way"), 1);
  EXPECT_EQ(client.hanging(), 10U);
  const auto more = start(of("noisy", "h11.example/x:1"));
  ASSERT_TRUE(more->is_done());
  EXPECT_THAT(more->only().error().message, HasSubstr("10 look-ups are under way, 9 of them for namespace noisy"));
  client.release();
  time.settle();
  EXPECT_TRUE(noisy->is_done() && quiet->is_done());
  EXPECT_THAT(noisy->answers->front().error().message, HasSubstr("gave way"));
}

TEST_F(Shares, WhatNobodyWaitsForMakesRoomForItsOwnNamespace) {
  options.flights.most = 10;
  open();
  client.hang();
  post("noisy", "h{}.example/x:1", 10, 1s);
  time.advance(1s);
  const auto again = post("noisy", "g{}.example/x:1", 10, 1s);
  EXPECT_FALSE(again->is_done());
  EXPECT_EQ(client.hanging(), 10U);
  EXPECT_EQ(watch.lookups(), 10U);
  client.release();
}

TEST_F(Shares, ALookUpThatNobodyWaitsForGoesOnWhileThereIsRoom) {
  client.hang();
  start(of("a", "r.example/app:1"), 1s);
  time.advance(2s);
  EXPECT_EQ(client.hanging(), 1U);
  client.holds("r.example/app:1", digest_of_digit('a'));
  client.release();
  time.settle();
  EXPECT_EQ(ask("r.example/app:1").value().from, origin::cache);
}

}  // namespace
}  // namespace pinhook::resolve
