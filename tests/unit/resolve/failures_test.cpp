// A failure at each step of a look-up: the request is answered, nothing is left behind, the next request works.
#include "resolver_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using testing::digest_of_digit;
using testing::fake_credentials;
using ::testing::HasSubstr;
using testing::query_of;

const std::string api = "ghcr.io/acme/api:2";

struct LookUpFailures : testing::resolver_world {
  std::shared_ptr<fake_credentials> tenant = fake_credentials::make("tenant");
  LookUpFailures() { client.holds(api, digest_of_digit('a')); }

  // Fails one request by `harm`, heals by `heal`, and asks again when any pause is over.
  void check(const char* step, const std::function<void()>& harm, const std::function<void()>& heal,
             error_code expected) {
    SCOPED_TRACE(step);
    TearDown();
    open();
    harm();
    const auto p = start(query_of(api, tenant), 4s);
    time.advance(4s);
    ASSERT_TRUE(p->is_done());
    ASSERT_FALSE(p->only());
    EXPECT_EQ(to_string(p->only().error().code), to_string(expected)) << p->only().error().message;
    heal();
    time.settle();
    time.advance(70s);
    const auto next = ask(query_of(api, tenant));
    ASSERT_TRUE(next) << next.error().message;
    EXPECT_EQ(next->digest, digest_of_digit('a'));
    EXPECT_EQ(watch.lookups(), 0U);
  }
};

TEST_F(LookUpFailures, TheClientFails) {
  for (const auto code : {error_code::invalid_input, error_code::not_found, error_code::unauthorized,
                          error_code::denied, error_code::rate_limited, error_code::unavailable, error_code::timed_out,
                          error_code::canceled, error_code::malformed, error_code::unsupported, error_code::internal}) {
    check(std::string(to_string(code)).c_str(), [&] { client.fails_next({code, "refused", {}}); }, [] {}, code);
  }
}

TEST_F(LookUpFailures, TheClientHangs) {
  check("hangs", [&] { client.hang(); }, [&] { client.release(); }, error_code::timed_out);
}

TEST_F(LookUpFailures, TheClientHangsBeyondTheLimitOfTheLookUp) {
  options.flights.limit = 5s;
  check("limit", [&] { client.hang(); }, [&] { client.release(); }, error_code::timed_out);
}

TEST_F(LookUpFailures, TheClientThrows) {
  check("throws", [&] { client.throws_next(); }, [] {}, error_code::internal);
}

// Asked as anonymous instead, and refused: a source that might have helped is out of order, or has refused for good.
TEST_F(LookUpFailures, TheCredentialsFail) {
  client.refuses_source("anonymous", {error_code::unauthorized, "not for you", {}});
  for (const auto code : {error_code::unavailable, error_code::timed_out, error_code::denied, error_code::malformed,
                          error_code::not_found, error_code::unsupported}) {
    check(
        std::string(to_string(code)).c_str(), [&] { tenant->fails(error{code, "helper says no", {}}); },
        [&] { tenant->fails({}); }, is_temporary(code) ? error_code::unavailable : error_code::unauthorized);
  }
}

TEST_F(LookUpFailures, TheCredentialsThrow) {
  check(
      "throws", [&] { tenant->when_asked([] { throw std::runtime_error("out of luck"); }); },
      [&] { tenant->when_asked({}); }, error_code::internal);
}

TEST_F(LookUpFailures, FailingCredentialsAreNoTroubleOfTheRegistry) {
  client.refuses_source("anonymous", {error_code::unauthorized, "not for you", {}});
  tenant->fails(error{error_code::unavailable, "helper is gone", {}});
  const auto got = ask(query_of(api, tenant));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message, "not for you; a source of credentials could not be asked: helper is gone");
  client.holds("ghcr.io/acme/open:1", digest_of_digit('b'));
  EXPECT_TRUE(ask(query_of("ghcr.io/acme/open:1", fake_credentials::make("other")))) << "others still ask it";
}

TEST_F(LookUpFailures, FailingCredentialsLeaveTheStaleDigest) {
  ask(query_of(api, tenant));
  time.advance(61s);
  client.refuses_source("anonymous", {error_code::unauthorized, "not for you", {}});
  tenant->fails(error{error_code::unavailable, "helper is gone", {}});
  EXPECT_EQ(ask(query_of(api, tenant)).value().from, origin::stale);
}

TEST_F(LookUpFailures, ARegistryInTroubleIsLeftInPeaceAndThenProbedByOne) {
  client.fails(api, {error_code::rate_limited, "slow down", 30s});
  EXPECT_EQ(ask(query_of(api)).error().message, "slow down");
  // Until the end of the rest is within the time of a request.
  for (int i = 0; i < 18; ++i) {
    time.advance(1s);
    const auto got = ask(query_of(api));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, error_code::rate_limited);
    EXPECT_THAT(got.error().message, HasSubstr("is in back-off"));
  }
  EXPECT_EQ(client.count(), 1U);
  time.advance(20s);
  client.hang();
  client.holds(api, digest_of_digit('b'));
  const auto probe = start(query_of(api));
  const auto other = start(query_of("ghcr.io/acme/web:1"));
  EXPECT_EQ(client.hanging(), 1U) << "one probe goes first";
  client.release(true);
  time.settle();
  EXPECT_TRUE(probe->is_done());
  EXPECT_EQ(client.hanging(), 1U) << "then the others";
  client.release();
  time.settle();
  EXPECT_TRUE(other->is_done());
}

TEST_F(LookUpFailures, WhileTheProbeIsUnderWayWhoHasAnAnswerDoesNotWait) {
  ask(query_of(api));
  time.advance(61s);
  client.fails_next({error_code::unavailable, "503", {}});
  EXPECT_EQ(ask(query_of(api)).value().from, origin::stale);
  time.advance(10s);
  client.hang();
  EXPECT_EQ(ask(query_of(api)).value().from, origin::stale);
  EXPECT_EQ(client.hanging(), 1U) << "the probe goes on alone";
  client.release();
  time.settle();
  EXPECT_EQ(ask(query_of(api)).value().from, origin::cache);
}

TEST_F(LookUpFailures, AnOutageOfAnHourCostsFewRequests) {
  ask(query_of(api));
  client.fails(api, {error_code::unavailable, "503", {}});
  for (int s = 0; s < 3600; ++s) {
    time.advance(1s);
    const auto got = ask(query_of(api));
    ASSERT_TRUE(got) << s;
  }
  EXPECT_LT(client.count(), 160U);
  EXPECT_GT(client.count(), 60U) << "it is probed";
}

}  // namespace
}  // namespace pinhook::resolve
