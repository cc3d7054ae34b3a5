#include "support/fake_alarm.hpp"

#include <pinhook/resolve/host_gate.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using state = host_backoff::state;

const error trouble{error_code::unavailable, "503 from it", {}};

struct HostGate : ::testing::Test {
  // One who wants a permit, and what became of it.
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

  HostGate() {
    timers.on_ring([this] { timers.run_due(); });
    options.requests_per_host = 2;
    open();
  }
  ~HostGate() override { visitors.clear(); }
  void open() { gate.emplace(time.io.get_executor(), time.clock, timers, options, 1); }

  static awaitable<void> visit(host_gate& g, std::string host, deadline d, visitor& v) {
    auto got = co_await g.enter(std::move(host), d);
    if (got)
      v.permit.emplace(std::move(*got));
    else
      v.refused = got.error();
  }
  visitor& come(const std::string& host = "r.example", deadline d = deadline::never()) {
    visitor& v = visitors.emplace_back();
    boost::asio::co_spawn(time.io, visit(*gate, host, d, v),
                          boost::asio::bind_cancellation_slot(v.cancel.slot(), [](const std::exception_ptr&) {}));
    time.settle();
    return v;
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
  EXPECT_TRUE(patient.permit) << "the place went to one who had left";
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
  EXPECT_TRUE(gate->refusal("r.example"));
  EXPECT_TRUE(come("other.example").permit);
  leave(b);
}

TEST_F(HostGate, OneProbeGoesFirstAndTheOthersWaitForIt) {
  leave(come(), &trouble);
  time.advance(1200ms);
  EXPECT_EQ(gate->state_of("r.example"), state::half_open);
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
  const auto first = gate->rests_until("r.example") - time.clock.now();
  time.advance(1200ms);
  auto& probe = come();
  auto& second = come();
  leave(probe, &trouble);
  ASSERT_TRUE(second.refused);
  EXPECT_GT(gate->rests_until("r.example") - time.clock.now(), first);
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
  EXPECT_EQ(gate->state_of("r.example"), state::clear);
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

TEST_F(HostGate, APermitThatDiesUnusedFreesItsPlace) {
  auto& a = come();
  auto& b = come();
  auto& c = come();
  a.permit.reset();
  time.settle();
  EXPECT_TRUE(c.permit);
  leave(b);
}

}  // namespace
}  // namespace pinhook::resolve
