#include <pinhook/webhook/caller_limits.hpp>

#include "support/fake_clock.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace pinhook::webhook {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

struct CallerLimits : ::testing::Test {
  testing::fake_clock time;
  server::metrics numbers;
  caller_limits limits{600, numbers, time};

  caller_limits::share of(const std::string& address) {
    return caller_limits::share(limits, boost::asio::ip::make_address(address));
  }
  // The look-ups of this address that are begun, each ended before the next.
  int begun(const std::string& address, bool found_nothing, int at_most = 10'000, const std::string& ns = "shop") {
    auto one = of(address);
    int out = 0;
    while (out < at_most && one.begin(ns)) {
      one.end(ns, found_nothing);
      ++out;
    }
    return out;
  }
};

TEST_F(CallerLimits, AGuessCostsTenTimesALookUpThatFinds) {
  EXPECT_EQ(begun("10.0.0.1", true), 30);
  EXPECT_EQ(begun("10.0.0.2", false), 296) << "the last one needs room for a guess";
  EXPECT_EQ(begun("10.0.0.1", false), 0) << "used up";
  EXPECT_THAT(numbers.render(), HasSubstr("pinhook_withheld_lookups_total 3\n"));
}

TEST_F(CallerLimits, FillsInAMinuteAndNotBeyond) {
  EXPECT_EQ(begun("10.0.0.1", true), 30);
  time.advance(1s);
  EXPECT_EQ(begun("10.0.0.1", true), 1);
  time.advance(30s);
  EXPECT_EQ(begun("10.0.0.1", true), 30);
  time.advance(24h);
  EXPECT_EQ(begun("10.0.0.1", true), 30);
}

TEST_F(CallerLimits, GuessesAtTheSameTimeCostAsMuch) {
  auto one = of("10.0.0.1");
  int begun = 0;
  while (one.begin("shop")) ++begun;
  EXPECT_EQ(begun, 30);
  for (int i = 0; i < begun; ++i) one.end("shop", true);
  EXPECT_FALSE(one.begin("shop"));
}

TEST_F(CallerLimits, ANamespaceLeavesToOthersAsMuchAsItHas) {
  EXPECT_EQ(begun("10.0.0.1", true, 1000, "first"), 30);
  EXPECT_EQ(begun("10.0.0.1", true, 1000, "second"), 15);
  EXPECT_EQ(begun("10.0.0.1", false, 50, "third"), 50);
  EXPECT_EQ(begun("10.0.0.1", true, 1000, "first"), 0);
  // For minutes, and also when those who take all they can are several: ten a second come back, for four.
  time.advance(1min);
  for (int second = 0; second < 300; ++second) {
    time.advance(1s);
    for (const char* const greedy : {"first", "second", "fourth"}) begun("10.0.0.1", true, 1000, greedy);
    EXPECT_EQ(begun("10.0.0.1", false, 2, "third"), 2) << second;
  }
}

TEST_F(CallerLimits, ManyNamespacesOfAnAddressCostNoMoreThanTheirNumber) {
  for (std::size_t i = 0; i < 3 * caller_limits::max_namespaces; ++i)
    EXPECT_LE(begun("10.0.0.1", false, 1, fmt::format("n{}", i)), 1);
  EXPECT_LE(begun("10.0.0.1", true), 30);
  time.advance(1min);
  EXPECT_EQ(begun("10.0.0.1", true), 30);
}

TEST_F(CallerLimits, AddressesAreCountedApartAndNetworksOfIpv6Together) {
  EXPECT_EQ(begun("2001:db8::1", true), 30);
  EXPECT_EQ(begun("2001:db8::2", true), 0);
  EXPECT_EQ(begun("2001:db8:0:1::1", true), 30);
  EXPECT_EQ(begun("10.0.0.1", true), 30);
  EXPECT_EQ(begun("::ffff:10.0.0.1", true), 0) << "the same client on a socket that takes both";
}

TEST_F(CallerLimits, TheTableIsBounded) {
  for (std::size_t i = 0; i < 3 * caller_limits::max_addresses; ++i)
    begun(fmt::format("10.{}.{}.1", i / 250, i % 250), true, 1);
  EXPECT_LE(limits.addresses(), caller_limits::max_addresses + 1);
  EXPECT_EQ(begun("192.0.2.1", true), 0) << "those without room share one count";
  time.advance(1min);
  EXPECT_EQ(begun("192.0.2.1", true), 30);
  EXPECT_LE(limits.addresses(), 2U) << "full ones are forgotten";
}

TEST_F(CallerLimits, NoneMeansNone) {
  const caller_limits off(0, numbers, time);
  EXPECT_FALSE(off.limits());
  EXPECT_TRUE(limits.limits());
}

TEST_F(CallerLimits, TheReasonNamesAddressAndSetting) {
  const error e = of("10.0.0.1").refusal();
  EXPECT_EQ(e.code, error_code::rate_limited);
  EXPECT_THAT(e.message, AllOf(HasSubstr("10.0.0.1"), HasSubstr("callers.lookups")));
}

}  // namespace
}  // namespace pinhook::webhook
