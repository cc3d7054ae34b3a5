#include "resolver_world.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using testing::digest_of_digit;
using testing::fake_credentials;
using ::testing::HasSubstr;
using testing::query_of;

const std::string nginx = "docker.io/library/nginx:1.25";
const error trouble{error_code::unavailable, "503 from it", {}};

struct TagResolver : testing::resolver_world {
  TagResolver() { client.holds(nginx, digest_of_digit('a')); }
};

void expect_answer(const result<answer>& got, char digit, origin from) {
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->digest, digest_of_digit(digit));
  EXPECT_EQ(to_string(got->from), to_string(from));
}

TEST_F(TagResolver, AsksTheRegistryOnceAndThenTheCacheUntilItExpires) {
  expect_answer(ask("nginx:1.25"), 'a', origin::registry);
  client.holds(nginx, digest_of_digit('b'));
  expect_answer(ask("nginx:1.25"), 'a', origin::cache);
  EXPECT_EQ(client.count(), 1U);
  EXPECT_EQ(watch.count("miss"), 1);
  EXPECT_EQ(watch.count("fresh"), 1);
}

TEST_F(TagResolver, AnUnusedEntryExpiresAndIsNotRefreshed) {
  ask("nginx:1.25");
  time.advance(10min);
  EXPECT_EQ(client.count(), 1U);
  client.holds(nginx, digest_of_digit('b'));
  expect_answer(ask("nginx:1.25"), 'b', origin::registry);
}

TEST_F(TagResolver, ARefusalIsRememberedForAShortWhile) {
  EXPECT_EQ(ask("r.example/x:1").error().code, error_code::not_found);
  EXPECT_EQ(ask("r.example/x:1").error().code, error_code::not_found);
  EXPECT_EQ(client.count(), 1U);
  EXPECT_EQ(watch.count("negative"), 1);
  client.holds("r.example/x:1", digest_of_digit('b'));
  time.advance(5s);
  expect_answer(ask("r.example/x:1"), 'b', origin::registry);
}

// The answer of a pull-through cache about a tag that it never saw while its upstream is down.
TEST_F(TagResolver, ANotFoundIsNoOutage) {
  EXPECT_EQ(cache_options().negative_ttl, 5s);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ask(fmt::format("r.example/new:{}", i)).error().code, error_code::not_found);
  client.holds("r.example/old:1", digest_of_digit('b'));
  expect_answer(ask("r.example/old:1"), 'b', origin::registry);
  time.advance(5s);
  client.holds("r.example/new:1", digest_of_digit('c'));
  expect_answer(ask("r.example/new:1"), 'c', origin::registry);
}

TEST_F(TagResolver, AllQueriesOfARequestAreAskedAtOnceAndEqualOnesOnce) {
  client.hang();
  std::vector<query> queries;
  for (const char* ref : {"r.example/a:1", "nginx:1.25", "r.example/b:1", "docker.io/library/nginx:1.25", "nginx:1.25"})
    queries.push_back(query_of(ref));
  const auto p = start(std::move(queries), 10s);
  EXPECT_EQ(client.hanging(), 3U);
  client.holds("r.example/b:1", digest_of_digit('b'));
  client.release();
  time.settle();
  ASSERT_TRUE(p->is_done());
  ASSERT_EQ(p->answers->size(), 5U);
  EXPECT_EQ(p->answers->at(0).error().code, error_code::not_found);
  expect_answer(p->answers->at(1), 'a', origin::registry);
  expect_answer(p->answers->at(2), 'b', origin::registry);
  expect_answer(p->answers->at(3), 'a', origin::registry);
  expect_answer(p->answers->at(4), 'a', origin::registry);
  EXPECT_EQ(client.count(), 3U);
}

// Dozens of images are looked for in slices.
TEST_F(TagResolver, OthersOfTheThreadGoOnBetweenTheImagesOfALargeRequest) {
  std::vector<query> queries;
  for (int i = 0; i < 100; ++i) queries.push_back(query_of(fmt::format("r.example/x:{}", i)));
  for (const query& q : queries) client.holds(q.ref.canonical(), digest_of_digit('b'));
  ASSERT_TRUE(start(queries, 10s)->is_done());
  std::vector<std::string> order;
  const auto answer_into = [&](std::vector<query> of, std::string name) -> awaitable<void> {
    const auto got = co_await tags->resolve(std::move(of), deadline::after(time.clock.now(), 1s));
    for (const auto& one : got) EXPECT_EQ(one->from, origin::cache);
    order.push_back(std::move(name));
  };
  boost::asio::co_spawn(time.io, answer_into(queries, "large"), [](const std::exception_ptr&) {});
  boost::asio::co_spawn(time.io, answer_into({queries[0]}, "small"), [](const std::exception_ptr&) {});
  time.settle();
  EXPECT_THAT(order, ::testing::ElementsAre("small", "large"));
}

TEST_F(TagResolver, AnEmptyRequestIsAnswered) {
  const auto p = start(std::vector<query>{}, 1s);
  ASSERT_TRUE(p->is_done());
  EXPECT_TRUE(p->answers->empty());
}

TEST_F(TagResolver, RequestsAtTheSameMomentShareALookUp) {
  client.hang();
  const auto a = start(query_of("nginx:1.25"));
  const auto b = start(query_of("nginx:1.25"));
  EXPECT_EQ(watch.count("joined"), 1);
  client.release();
  time.settle();
  expect_answer(a->only(), 'a', origin::registry);
  expect_answer(b->only(), 'a', origin::registry);
  EXPECT_EQ(client.count(), 1U);
}

TEST_F(TagResolver, EachWaiterHasItsOwnDeadline) {
  client.hang();
  const auto hasty = start(query_of("nginx:1.25"), 2s);
  const auto patient = start(query_of("nginx:1.25"), 9s);
  time.advance(2s);
  ASSERT_TRUE(hasty->is_done());
  EXPECT_EQ(hasty->only().error().code, error_code::timed_out);
  EXPECT_THAT(hasty->only().error().message, HasSubstr("registry docker.io did not answer within 2.0 s"));
  EXPECT_THAT(hasty->only().error().message, HasSubstr("a slow registry needs a greater resolver.lookup_limit"));
  // A warning has 256 bytes, and names the container and the image behind these words.
  EXPECT_LE(hasty->only().error().message.size(), 150U);
  EXPECT_FALSE(patient->is_done());
  client.release();
  time.settle();
  expect_answer(patient->only(), 'a', origin::registry);
}

TEST_F(TagResolver, OneDeadlineForAllQueriesOfARequest) {
  client.holds("r.example/a:1", digest_of_digit('b'));
  ask("r.example/a:1");
  client.hang();
  std::vector<query> queries;
  for (const char* ref : {"nginx:1.25", "r.example/a:1", "r.example/c:1"}) queries.push_back(query_of(ref));
  const auto p = start(std::move(queries), 3s);
  time.advance(3s - 1ns);
  EXPECT_FALSE(p->is_done());
  time.advance(1ns);
  ASSERT_TRUE(p->is_done());
  EXPECT_EQ(p->answers->at(0).error().code, error_code::timed_out);
  expect_answer(p->answers->at(1), 'b', origin::cache);
  EXPECT_EQ(p->answers->at(2).error().code, error_code::timed_out);
}

TEST_F(TagResolver, ALookUpOutlivesItsWaitersAndFillsTheCache) {
  client.hang();
  const auto p = start(query_of("nginx:1.25"), 2s);
  time.advance(2s);
  ASSERT_TRUE(p->is_done());
  client.release();
  time.settle();
  expect_answer(ask("nginx:1.25"), 'a', origin::cache);
  EXPECT_EQ(client.count(), 1U);
}

TEST_F(TagResolver, ADeadlineThatHasPassedIsStillAnswered) {
  client.hang();
  const auto p = start(query_of("nginx:1.25"), 0s);
  time.advance(0s);
  ASSERT_TRUE(p->is_done());
  EXPECT_EQ(p->only().error().code, error_code::timed_out);
}

TEST_F(TagResolver, ACanceledWaiterDoesNotEndTheLookUp) {
  client.hang();
  const auto gone = start(query_of("nginx:1.25"));
  const auto stays = start(query_of("nginx:1.25"));
  gone->cancel.emit(boost::asio::cancellation_type::terminal);
  time.settle();
  client.release();
  time.settle();
  expect_answer(stays->only(), 'a', origin::registry);
  EXPECT_FALSE(gone->is_done() && gone->only().has_value());
}

TEST_F(TagResolver, ALookUpThatHangsEndsAtItsLimit) {
  client.hang();
  const auto p = start(query_of("nginx:1.25"), 60s);
  time.advance(30s);
  ASSERT_TRUE(p->is_done());
  EXPECT_EQ(p->only().error().code, error_code::timed_out);
  EXPECT_THAT(p->only().error().message, HasSubstr("docker.io"));
  EXPECT_EQ(client.hanging(), 0U);
  EXPECT_EQ(watch.lookups(), 0U);
  const auto next = ask_in_haste("nginx:1.25");
  ASSERT_FALSE(next);
  EXPECT_THAT(next.error().message, HasSubstr("is in back-off")) << "a host that hangs is in trouble";
  client.release();
  time.advance(2s);
  expect_answer(ask("nginx:1.25"), 'a', origin::registry);
}

// Stale answers.

TEST_F(TagResolver, AStaleDigestServesWhenTheRegistryIsInTrouble) {
  for (const auto code :
       {error_code::unavailable, error_code::timed_out, error_code::rate_limited, error_code::malformed}) {
    open();
    client.holds(nginx, digest_of_digit('a'));
    ask("nginx:1.25");
    time.advance(61s);
    client.fails(nginx, {code, "trouble", {}});
    expect_answer(ask("nginx:1.25"), 'a', origin::stale);
    const auto before = client.count();
    expect_answer(ask("nginx:1.25"), 'a', origin::stale);
    EXPECT_EQ(client.count(), before) << to_string(code) << ": the registry is in back-off";
    time.advance(1h);
    EXPECT_FALSE(ask("nginx:1.25")) << "beyond its age";
    time.advance(2min);
    client.holds(nginx, digest_of_digit('b'));
    expect_answer(ask("nginx:1.25"), 'b', origin::registry);
    TearDown();
  }
  open();
}

TEST_F(TagResolver, AStaleDigestDoesNotHideADefiniteRefusal) {
  ask("nginx:1.25");
  time.advance(61s);
  client.fails(nginx, {error_code::denied, "no longer yours", {}});
  EXPECT_EQ(ask("nginx:1.25").error().code, error_code::denied);
  time.advance(6s);
  client.fails(nginx, trouble);
  EXPECT_EQ(ask("nginx:1.25").error().code, error_code::unavailable);
}

TEST_F(TagResolver, AtTheDeadlineAStaleDigestIsUsed) {
  ask("nginx:1.25");
  time.advance(61s);
  client.hang();
  const auto p = start(query_of("nginx:1.25"), 4s);
  EXPECT_FALSE(p->is_done());
  time.advance(4s);
  ASSERT_TRUE(p->is_done());
  expect_answer(p->only(), 'a', origin::stale);
  EXPECT_EQ(watch.count("stale"), 1);
}

// Past the cache.

TEST_F(TagResolver, ARefreshedQueryGoesPastTheCache) {
  ask("nginx:1.25");
  client.holds(nginx, digest_of_digit('b'));
  expect_answer(ask(query_of("nginx:1.25", nullptr, freshness::refreshed)), 'b', origin::registry);
  expect_answer(ask("nginx:1.25"), 'b', origin::cache);
}

TEST_F(TagResolver, ARefreshedQueryGoesPastARememberedRefusal) {
  EXPECT_FALSE(ask("r.example/x:1"));
  client.holds("r.example/x:1", digest_of_digit('b'));
  expect_answer(ask(query_of("r.example/x:1", nullptr, freshness::refreshed)), 'b', origin::registry);
}

TEST_F(TagResolver, ARefreshedQueryDoesNotJoinARequestThatWasSentBefore) {
  client.hang();
  const auto before = start(query_of("nginx:1.25"));
  const auto refreshed = start(query_of("nginx:1.25", nullptr, freshness::refreshed));
  EXPECT_EQ(client.hanging(), 2U);
  const auto joins = start(query_of("nginx:1.25"));
  EXPECT_EQ(client.hanging(), 2U) << "the newest look-up serves it";
  client.release();
  time.settle();
  EXPECT_TRUE(before->only() && refreshed->only() && joins->only());
}

TEST_F(TagResolver, ARefreshedQueryJoinsALookUpThatHasNotAskedYet) {
  options.gate.requests_per_host = 1;
  open();
  client.hang();
  const auto busy = start(query_of("other:1"));
  const auto in_line = start(query_of("nginx:1.25"));
  const auto refreshed = start(query_of("nginx:1.25", nullptr, freshness::refreshed));
  client.release();
  time.settle();
  expect_answer(refreshed->only(), 'a', origin::registry);
  EXPECT_TRUE(in_line->only());
  EXPECT_EQ(client.count(), 2U);
}

TEST_F(TagResolver, ARefreshedQueryIsNeverAnsweredWithAnOldDigest) {
  ask("nginx:1.25");
  const auto refreshed = query_of("nginx:1.25", nullptr, freshness::refreshed);
  client.fails_next(trouble);
  EXPECT_EQ(ask(refreshed).error().code, error_code::unavailable);
  EXPECT_THAT(ask_in_haste(refreshed).error().message, HasSubstr("is in back-off"));
  expect_answer(ask("nginx:1.25"), 'a', origin::cache);
  time.advance(61s);
  client.hang();
  const auto p = start(refreshed, 2s);
  time.advance(2s);
  ASSERT_TRUE(p->is_done());
  EXPECT_EQ(p->only().error().code, error_code::timed_out);
}

TEST_F(TagResolver, BothKindsOfQueryInOneRequest) {
  ask("nginx:1.25");
  client.holds(nginx, digest_of_digit('b'));
  std::vector<query> queries;
  queries.push_back(query_of("nginx:1.25"));
  queries.push_back(query_of("nginx:1.25", nullptr, freshness::refreshed));
  const auto p = start(std::move(queries), 1s);
  ASSERT_TRUE(p->is_done());
  expect_answer(p->answers->at(0), 'a', origin::cache);
  expect_answer(p->answers->at(1), 'b', origin::registry);
}

// Every wait is one of the steady clock. (Under libfaketime 0.9.10 a new tag gets no answer once the wall clock was
// set: it moves a timerfd of the steady clock, too, which Asio's timers are.)
TEST_F(TagResolver, AWallClockThatIsSetChangesNoWait) {
  for (const auto jump : {std::chrono::nanoseconds(-3h), std::chrono::nanoseconds(6h)}) {
    const std::string tag = fmt::format("r.example/x:{}", jump < 0ns ? "back" : "forward");
    ask("nginx:1.25");
    time.clock.set_wall(jump);
    client.holds(tag, digest_of_digit('b'));
    expect_answer(ask(tag), 'b', origin::registry);
    expect_answer(ask("nginx:1.25"), 'a', origin::cache);
    client.hang();
    const auto waits = start(query_of("r.example/hangs:" + std::string(jump < 0ns ? "1" : "2")), 3s);
    time.advance(3s - 1ns);
    EXPECT_FALSE(waits->is_done());
    time.advance(1ns);
    EXPECT_TRUE(waits->is_done());
    client.release();
    time.advance(60s);
    client.fails_next({error_code::rate_limited, "slow down", 5s});
    EXPECT_FALSE(ask_in_haste(tag)->from == origin::registry);
    time.advance(10min);
  }
}

// Knowing without asking.

TEST_F(TagResolver, KnownIsWhatIsUnexpiredAndCostsNothing) {
  EXPECT_FALSE(tags->known(query_of("nginx:1.25")));
  EXPECT_EQ(client.count(), 0U);
  ask("nginx:1.25");
  EXPECT_EQ(tags->known(query_of("nginx:1.25")), digest_of_digit('a'));
  EXPECT_FALSE(tags->known(query_of("nginx:1.25", fake_credentials::make("tenant"))));
  time.advance(60s);
  EXPECT_FALSE(tags->known(query_of("nginx:1.25")));
  EXPECT_EQ(client.count(), 1U) << "being known is no use of the tag";
}

TEST_F(TagResolver, WhatIsKeptBesideADigestComesWithItsAnswers) {
  const vouch found{{1, 2, 3}, steady_time::max()};
  const auto a = fake_credentials::make("a");
  const auto b = fake_credentials::make("b");
  const auto has = [&](const std::shared_ptr<fake_credentials>& who) {
    const auto got = ask(query_of("nginx:1.25", who));
    return got && got->vouched.key == found.key;
  };
  EXPECT_FALSE(has(a));
  EXPECT_FALSE(has(b));
  tags->keep(query_of("nginx:1.25", a), digest_of_digit('a'), found);
  EXPECT_TRUE(has(a));
  EXPECT_FALSE(has(b)) << "the credentials of others find it themselves";
  client.holds(nginx, digest_of_digit('b'));
  time.advance(10min);
  EXPECT_FALSE(has(a)) << "the tag moved";
  EXPECT_FALSE(has(a));
}

// Limits and the end.

TEST_F(TagResolver, LookUpsUnderWayAreLimited) {
  options.flights.most = 2;
  open();
  client.hang();
  const auto a = start(query_of("r.example/a:1"));
  const auto b = start(query_of("r.example/b:1"));
  const auto refused = ask("r.example/c:1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, error_code::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("2 look-ups"));
  client.release();
  time.settle();
  EXPECT_TRUE(a->is_done() && b->is_done());
  EXPECT_EQ(ask("r.example/c:1").error().code, error_code::not_found);
}

TEST_F(TagResolver, RequestsToOneRegistryAreLimited) {
  client.hang();
  std::vector<query> queries;
  for (int i = 0; i < 40; ++i) queries.push_back(query_of(fmt::format("r.example/x:{}", i)));
  const auto p = start(std::move(queries), 10s);
  EXPECT_EQ(client.hanging(), 15U) << "one place is kept for another namespace";
  const auto other = start(query_of("nginx:1.25"));
  EXPECT_EQ(client.hanging(), 16U) << "another registry is another line";
  client.release();
  time.settle();
  EXPECT_TRUE(p->is_done() && other->is_done());
  EXPECT_EQ(client.count(), 41U);
  EXPECT_EQ(client.most_at_once(), 16U);
}

TEST_F(TagResolver, WhoWaitsInLineUntilTheDeadlineIsToldSo) {
  options.gate.requests_per_host = 1;
  open();
  client.hang();
  const auto busy = start(query_of("r.example/a:1"));
  const auto p = start(query_of("r.example/b:1"), 2s);
  time.advance(2s);
  ASSERT_TRUE(p->is_done());
  EXPECT_THAT(p->only().error().message, HasSubstr("no request slot for registry r.example became free"));
}

TEST_F(TagResolver, StopTellsThoseWhoWaitAndEndsEverything) {
  ask("nginx:1.25");
  time.advance(61s);
  client.hang();
  const auto fresh = start(query_of("r.example/a:1"));
  const auto held = start(query_of("nginx:1.25"));
  TearDown();
  ASSERT_TRUE(fresh->is_done() && held->is_done());
  EXPECT_EQ(fresh->only().error().code, error_code::canceled);
  expect_answer(held->only(), 'a', origin::stale);
  EXPECT_EQ(ask("r.example/b:1").error().code, error_code::canceled);
  EXPECT_EQ(client.count(), 3U);
}

TEST_F(TagResolver, AResolverMayDieWithItsRequestsUnderWay) {
  auto machine = std::make_unique<testing::time_machine>();
  testing::fake_registry_client hanging;
  hanging.hang();
  auto doomed = std::make_shared<tag_resolver>(machine->io.get_executor(), hanging, machine->clock, nullptr, options,
                                               machine->make_alarm());
  auto p = std::make_shared<testing::pending_request>();
  std::vector<query> queries;
  for (int i = 0; i < 20; ++i) queries.push_back(query_of(fmt::format("r.example/x:{}", i)));
  boost::asio::co_spawn(machine->io, keep(doomed, std::move(queries), deadline::never(), p),
                        [](const std::exception_ptr&) {});
  machine->settle();
  EXPECT_EQ(hanging.hanging(), 15U);
  doomed.reset();
  machine.reset();
  EXPECT_FALSE(p->is_done());
  EXPECT_EQ(hanging.hanging(), 0U);
}

}  // namespace
}  // namespace pinhook::resolve
