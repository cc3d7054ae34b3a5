#include <pinhook/resolve/host_gate.hpp>

#include "support/fake_alarm.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using state = host_health::state;

const error trouble{error_code::unavailable, "503 from it", {}};

struct HostGate : ::testing::Test {
  // A visitor that wants a permit, and its outcome.
  struct visitor {
    std::optional<host_gate::permit> permit;
    std::optional<error> refused;
    boost::asio::cancellation_signal cancel;
    [[nodiscard]] bool waits() const { return !permit && !refused; }
  };

  testing::time_machine time;
  timer_queue timers{time.clock, time.make_alarm()};
  gate_options options;
  std::optional<host_gate> gate;
  std::deque<visitor> visitors;
  std::vector<fair_line::key> displaced;

  HostGate() {
    timers.on_ring([this] { timers.run_due(); });
    options.requests_per_host = 2;
    open();
  }
  ~HostGate() override {
    for (visitor& v : visitors)
      if (v.waits()) v.cancel.emit(boost::asio::cancellation_type::terminal);
    time.settle();
    visitors.clear();
  }
  void open() {
    gate.emplace(time.io.get_executor(), time.clock, timers, options, 1,
                 host_gate::hooks{[this](fair_line::key number) { displaced.push_back(number); }, {}});
  }

  static awaitable<void> visit(host_gate& g, host_gate::visit wish, visitor& v) {
    auto got = co_await g.enter(std::move(wish));
    if (got)
      v.permit.emplace(std::move(*got));
    else
      v.refused = got.error();
  }
  visitor& come(const std::string& host = "r.example", deadline d = deadline::never()) {
    host_gate::visit wish;
    wish.host = host;
    wish.limit = d;
    return come(std::move(wish));
  }
  visitor& come(host_gate::visit wish) {
    visitor& v = visitors.emplace_back();
    wish.number = visitors.size();
    if (wish.repository.empty()) wish.repository = "acme/api";
    if (wish.credential.empty()) wish.credential = "anonymous";
    if (wish.claims.empty()) wish.claims.push_back({wish.beginner, wish.number});
    boost::asio::co_spawn(time.io, visit(*gate, std::move(wish), v),
                          boost::asio::bind_cancellation_slot(v.cancel.slot(), [](const std::exception_ptr&) {}));
    time.settle();
    return v;
  }
  state state_of(const std::string& host, const std::string& repository = "acme/api") {
    return gate->look(host, {repository, "anonymous", {""}}).now;
  }
  std::chrono::nanoseconds rest_of(const std::string& host) {
    return gate->look(host, {"acme/api", "anonymous", {""}}).until - time.clock.now();
  }
  host_gate::visit of(const std::string& owner, const std::string& repository = "acme/api") {
    host_gate::visit out;
    out.host = "r.example";
    out.repository = repository;
    out.beginner = owner;
    return out;
  }
  void leave(visitor& v, const error* failure = nullptr) {
    v.permit->settle(failure);
    v.permit.reset();
    time.settle();
  }
};

TEST_F(HostGate, LimitsTheRequestsOfAHostAndServesTheLineInOrder) {
  auto& a = come();
  auto& b = come();
  auto& c = come();
  auto& d = come();
  auto& other = come("other.example");
  EXPECT_TRUE(a.permit && b.permit && other.permit);
  EXPECT_TRUE(c.waits() && d.waits());
  leave(b);
  EXPECT_TRUE(c.permit);
  EXPECT_TRUE(d.waits());
  leave(a);
  EXPECT_TRUE(d.permit);
}

TEST_F(HostGate, WhoWaitsTooLongLeavesTheLine) {
  auto& a = come();
  auto& b = come();
  auto& hasty = come("r.example", deadline::after(time.clock.now(), 3s));
  auto& patient = come("r.example", deadline::after(time.clock.now(), 30s));
  time.advance(3s);
  ASSERT_TRUE(hasty.refused);
  EXPECT_EQ(hasty.refused->code, error_code::timed_out);
  EXPECT_THAT(hasty.refused->message, HasSubstr("r.example"));
  leave(a);
  EXPECT_TRUE(patient.permit) << "the place went to a visitor that had left";
  leave(b);
  leave(patient);
  EXPECT_EQ(gate->hosts(), 0U);
  EXPECT_EQ(timers.size(), 0U);
}

TEST_F(HostGate, WhoIsCanceledLeavesTheLine) {
  auto& a = come();
  auto& b = come();
  auto& gone = come();
  auto& next = come();
  gone.cancel.emit(boost::asio::cancellation_type::terminal);
  time.settle();
  EXPECT_FALSE(gone.permit);
  leave(a);
  EXPECT_TRUE(next.permit);
  leave(b);
}

TEST_F(HostGate, AFailureEmptiesTheLineAndRefusesUntilTheRestIsOver) {
  auto& a = come();
  auto& b = come();
  auto& waiting = come();
  leave(a, &trouble);
  ASSERT_TRUE(waiting.refused);
  EXPECT_EQ(waiting.refused->code, error_code::unavailable);
  EXPECT_THAT(waiting.refused->message, HasSubstr("503 from it"));
  EXPECT_TRUE(come().refused);
  EXPECT_EQ(state_of("r.example"), state::resting);
  EXPECT_TRUE(come("other.example").permit);
  leave(b);
}

TEST_F(HostGate, OneProbeGoesFirstAndTheOthersWaitForIt) {
  leave(come(), &trouble);
  time.advance(1200ms);
  EXPECT_EQ(state_of("r.example"), state::half_open);
  auto& probe = come();
  auto& second = come();
  auto& third = come();
  EXPECT_TRUE(probe.permit);
  EXPECT_TRUE(second.waits() && third.waits());
  leave(probe);
  EXPECT_TRUE(second.permit && third.permit);
}

TEST_F(HostGate, AFailedProbeRefusesTheOthersForLonger) {
  leave(come(), &trouble);
  const auto first = rest_of("r.example");
  time.advance(1200ms);
  auto& probe = come();
  auto& second = come();
  leave(probe, &trouble);
  ASSERT_TRUE(second.refused);
  EXPECT_GT(rest_of("r.example"), first);
}

TEST_F(HostGate, AProbeThatGivesUpHandsOn) {
  leave(come(), &trouble);
  time.advance(1200ms);
  auto& probe = come();
  auto& second = come();
  auto& third = come();
  probe.permit.reset();
  time.settle();
  EXPECT_TRUE(second.permit);
  EXPECT_TRUE(third.waits());
  const error canceled{error_code::canceled, "", {}};
  leave(second, &canceled);
  EXPECT_TRUE(third.permit);
}

TEST_F(HostGate, AnAnswerThatIsARefusalShowsAHostThatIsWell) {
  leave(come(), &trouble);
  time.advance(1200ms);
  const error missing{error_code::not_found, "no such tag", {}};
  leave(come(), &missing);
  EXPECT_EQ(state_of("r.example"), state::clear);
}

TEST_F(HostGate, AnIdleHostInGoodHealthIsForgotten) {
  leave(come());
  EXPECT_EQ(gate->hosts(), 0U);
  leave(come(), &trouble);
  EXPECT_EQ(gate->hosts(), 1U);
  time.advance(2s);
  leave(come());
  EXPECT_EQ(gate->hosts(), 0U);
}

TEST_F(HostGate, TheTableOfHostsIsBounded) {
  options.hosts = 2;
  open();
  auto& a = come("a.example");
  auto& b = come("b.example");
  auto& c = come("c.example");
  ASSERT_TRUE(c.refused);
  EXPECT_EQ(c.refused->code, error_code::unavailable);
  leave(a, &trouble);
  EXPECT_EQ(gate->hosts(), 2U);
  EXPECT_TRUE(come("d.example").permit) << "an idle host in trouble gives way";
  EXPECT_EQ(gate->hosts(), 2U);
  leave(b);
}

// The registry rests when three repositories failed, not when one did.
TEST_F(HostGate, OneBrokenRepositoryLeavesTheOthers) {
  leave(come(of("a", "broken")), &trouble);
  EXPECT_EQ(state_of("r.example", "broken"), state::resting);
  EXPECT_TRUE(come(of("a", "broken")).refused);
  leave(come(of("a", "fine")));
}

TEST_F(HostGate, WhoHasTheTimeWaitsForTheEndOfARest) {
  leave(come(), &trouble);
  auto patient = of("");
  steady_time end{};
  patient.waits_out = [&](steady_time until, const error& failure) {
    end = until;
    EXPECT_THAT(failure.message, HasSubstr("is in back-off"));
    return true;
  };
  auto& waits = come(patient);
  auto& next = come(patient);
  EXPECT_TRUE(waits.waits() && next.waits());
  time.advance(end - time.clock.now() - 1ns);
  EXPECT_TRUE(waits.waits());
  time.advance(1ns);
  EXPECT_TRUE(waits.permit) << "the probe";
  EXPECT_TRUE(next.waits());
  leave(waits);
  EXPECT_TRUE(next.permit);
  leave(next);
  EXPECT_EQ(gate->hosts(), 0U);
  EXPECT_EQ(timers.size(), 0U);
}

TEST_F(HostGate, ARestBeyondTheLimitIsNotWaitedFor) {
  leave(come(), &trouble);
  auto hasty = of("");
  hasty.limit = deadline::after(time.clock.now(), 500ms);
  hasty.waits_out = [](steady_time, const error&) { return true; };
  EXPECT_TRUE(come(hasty).refused);
}

TEST_F(HostGate, AProbeThatHangsKeepsTheNextForAMomentOnly) {
  leave(come(), &trouble);
  time.advance(1200ms);
  auto& hangs = come();
  auto& next = come();
  EXPECT_TRUE(hangs.permit && next.waits());
  time.advance(1s);
  EXPECT_TRUE(next.permit);
  leave(next);
  EXPECT_EQ(state_of("r.example"), state::clear);
  leave(hangs);
}

TEST_F(HostGate, APlaceIsKeptForAnOwnerThatHasNone) {
  options.requests_per_host = 4;
  open();
  std::vector<visitor*> mine;
  for (int i = 0; i < 6; ++i) mine.push_back(&come(of("a")));
  EXPECT_TRUE(mine[2]->permit);
  EXPECT_TRUE(mine[3]->waits());
  auto& other = come(of("b"));
  EXPECT_TRUE(other.permit);
  EXPECT_TRUE(displaced.empty());
}

TEST_F(HostGate, WhoHangsGivesWayToAnOwnerThatHasNone) {
  std::vector<visitor*> mine{&come(of("a", "hangs")), &come(of("a", "hangs"))};
  auto& other = come(of("b", "fine"));
  EXPECT_TRUE(other.waits());
  time.advance(1s - 1ns);
  EXPECT_TRUE(other.waits());
  time.advance(1ns);
  EXPECT_TRUE(other.permit);
  EXPECT_EQ(displaced, std::vector<fair_line::key>{1});
  EXPECT_EQ(state_of("r.example", "hangs"), state::resting) << "it had its time";
  mine[0]->permit->settle(nullptr);
  EXPECT_EQ(state_of("r.example", "hangs"), state::resting) << "its late reply is no answer";
  leave(other);
}

TEST_F(HostGate, WhatNobodyWantsGivesWayAtOnce) {
  auto& left = come(of("a"));
  auto& wanted = come(of("a"));
  auto& next = come(of("a"));
  EXPECT_TRUE(next.waits());
  gate->set_claims(1, {});
  gate->go_on();
  time.settle();
  EXPECT_TRUE(next.permit && wanted.permit);
  EXPECT_EQ(displaced, std::vector<fair_line::key>{1});
  EXPECT_EQ(state_of("r.example"), state::clear) << "nothing is known of it";
  left.permit.reset();
}

TEST_F(HostGate, AllRegistriesTogetherAreLimitedAndShared) {
  options.requests = 8;
  open();
  std::vector<visitor*> mine;
  for (int i = 0; i < 20; ++i) {
    auto v = of("a");
    v.host = "r" + std::to_string(i) + ".example";
    mine.push_back(&come(v));
  }
  EXPECT_EQ(gate->under_way(), 7U) << "one is kept";
  EXPECT_TRUE(come(of("b")).permit);
  auto& third = come(of("c"));
  EXPECT_TRUE(third.waits());
  time.advance(1s);
  EXPECT_TRUE(third.permit);
  EXPECT_EQ(gate->under_way(), 8U);
}

TEST_F(HostGate, APermitThatDiesUnusedFreesItsPlace) {
  auto& a = come();
  auto& b = come();
  auto& c = come();
  a.permit.reset();
  time.settle();
  EXPECT_TRUE(c.permit);
  leave(b);
}

// A limit per second.

// A registry that answers so many requests in each second and refuses the others. Those who were refused come again.
struct LimitedHost : HostGate, ::testing::WithParamInterface<bool> {
  struct outcome {
    int answered = 0;
    int limited = 0;
    std::chrono::nanoseconds took{0};
  };

  outcome serve(int requests, int allowed, const std::string& credential) {
    const error limit{error_code::rate_limited, "429 from it",
                      GetParam() ? std::optional(std::chrono::seconds(1)) : std::nullopt};
    host_gate::visit wish = of("shop");
    wish.credential = credential;
    wish.limit = deadline::after(time.clock.now(), 30s);
    wish.waits_out = [](steady_time, const error&) { return true; };
    for (int i = 0; i < requests; ++i) come(wish);
    const steady_time begun = time.clock.now();
    steady_time second = begun;
    int left = allowed;
    for (outcome out;; time.advance(10ms)) {
      if (time.clock.now() >= second + 1s) {
        second = time.clock.now();
        left = allowed;
      }
      for (std::size_t i = 0, here = visitors.size(); i < here; ++i) {
        if (!visitors[i].permit) continue;
        if (left-- > 0) {
          leave(visitors[i]);
          ++out.answered;
        } else {
          leave(visitors[i], &limit);
          ++out.limited;
          come(wish);
        }
      }
      out.took = time.clock.now() - begun;
      if (out.answered == requests || out.took > 40s) return out;
    }
  }
};

TEST_P(LimitedHost, IsAskedAtItsPaceAfterTheFirstRefusals) {
  options.requests_per_host = 16;
  options.reserved = 0;
  open();
  for (const char* credential : {"anonymous", "robot"}) {
    const auto r = serve(300, 50, credential);
    EXPECT_EQ(r.answered, 300) << credential;
    EXPECT_LE(r.limited, 16) << credential;
    EXPECT_LT(r.took, 9s) << credential;
    time.advance(2min);
  }
  for (const visitor& v : visitors) EXPECT_FALSE(v.refused);
}

TEST_P(LimitedHost, KeepsNoPaceWhereThereAreNoRests) {
  options.requests_per_host = 16;
  options.reserved = 0;
  options.backoff.first = options.backoff.rate_limited_first = 0s;
  open();
  const auto r = serve(120, 50, "anonymous");
  EXPECT_EQ(r.answered, 120);
  EXPECT_GT(r.limited, 16);
}

INSTANTIATE_TEST_SUITE_P(WithRetryAfter, LimitedHost, ::testing::Bool());

}  // namespace
}  // namespace pinhook::resolve
