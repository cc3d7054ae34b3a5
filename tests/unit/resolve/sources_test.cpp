// Several sources of credentials: which are asked, in which order, for how long, and the message when some fail.
#include "resolver_world.hpp"

#include <pinhook/registry/ordered_credentials.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using testing::digest_of_digit;
using ::testing::ElementsAre;
using testing::fake_credentials;
using ::testing::HasSubstr;
using testing::query_of;

const std::string api = "ghcr.io/acme/api:2";

// Takes all the time it is given, and notes how much that was.
class slow_source final : public registry::credential_source {
 public:
  explicit slow_source(testing::fake_clock& time) : time_(time) {}
  [[nodiscard]] std::string identity_for(const registry::reference&) const override { return "slow"; }
  awaitable<result<std::vector<registry::credential>>> credentials_for(registry::reference, deadline d) override {
    given.push_back(d.remaining(time_.now()));
    time_.advance(given.back());
    co_return fail(error_code::timed_out, "no answer in time");
  }
  [[nodiscard]] std::vector<registry::credential_match> matches(const registry::reference&) const override {
    return {{"slow plugin", "*"}};
  }
  std::vector<std::chrono::nanoseconds> given;

 private:
  testing::fake_clock& time_;
};

struct Sources : testing::resolver_world {
  std::shared_ptr<fake_credentials> secrets = fake_credentials::make("secrets");
  std::shared_ptr<fake_credentials> plugin = fake_credentials::make("plugin");
  std::shared_ptr<fake_credentials> config = fake_credentials::make("config");
  Sources() { client.holds(api, digest_of_digit('a')); }

  [[nodiscard]] std::shared_ptr<registry::credential_source> all() const { return in_order({secrets, plugin, config}); }
  static std::shared_ptr<registry::credential_source> in_order(
      std::vector<std::shared_ptr<registry::credential_source>> parts) {
    return std::make_shared<registry::ordered_credentials>(std::move(parts));
  }
  void refuse(const char* source, error_code code) {
    client.refuses_source(source, {code, std::string(source) + " is refused", {}});
  }
  [[nodiscard]] std::vector<std::string> asked_with() const {
    std::vector<std::string> out;
    for (const auto& call : client.calls()) out.push_back(call.source);
    return out;
  }
};

TEST_F(Sources, ALaterOneIsNotAskedWhenAnEarlierOneGetsTheAnswer) {
  EXPECT_TRUE(ask(query_of(api, all())));
  EXPECT_THAT(asked_with(), ElementsAre("secrets"));
  EXPECT_EQ(secrets->asked(), 1);
  EXPECT_EQ(plugin->asked(), 0);
  EXPECT_EQ(config->asked(), 0);
}

TEST_F(Sources, ALaterOneIsAskedAfterARefusalThatItMayLift) {
  for (const auto code : {error_code::unauthorized, error_code::denied, error_code::not_found}) {
    TearDown();
    open();
    const auto before = client.count();
    refuse("secrets", code);
    EXPECT_TRUE(ask(query_of(api, all()))) << to_string(code);
    EXPECT_EQ(client.count() - before, 2U);
    EXPECT_EQ(client.calls().back().source, "plugin");
  }
  EXPECT_EQ(config->asked(), 0);
}

TEST_F(Sources, NoneIsAskedAfterAFailureOfTheRegistry) {
  refuse("secrets", error_code::unavailable);
  EXPECT_EQ(ask(query_of(api, all())).error().code, error_code::unavailable);
  EXPECT_EQ(plugin->asked(), 0);
}

TEST_F(Sources, OnesThatHaveNothingAreSteppedOver) {
  secrets->set("anonymous", {});
  plugin->set("anonymous", {});
  EXPECT_TRUE(ask(query_of(api, all())));
  EXPECT_THAT(asked_with(), ElementsAre("config"));
}

TEST_F(Sources, AnonymousComesLastAndOnce) {
  for (const auto& one : {secrets, plugin, config}) one->set("anonymous", {});
  EXPECT_TRUE(ask(query_of(api, all())));
  EXPECT_THAT(asked_with(), ElementsAre("anonymous"));
}

TEST_F(Sources, NeverAnonymousAfterAnyCredential) {
  for (const char* source : {"secrets", "plugin", "config"}) refuse(source, error_code::unauthorized);
  const auto got = ask(query_of(api, all()));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unauthorized);
  EXPECT_EQ(got.error().message, "secrets is refused (3 credentials were tried: secrets, plugin, config)");
  EXPECT_THAT(asked_with(), ElementsAre("secrets", "plugin", "config"));
}

TEST_F(Sources, AFailureAtEachIsPassedOverAndNamed) {
  for (const auto& failing : {secrets, plugin, config}) {
    TearDown();
    open();
    const std::vector<std::shared_ptr<fake_credentials>> every{secrets, plugin, config};
    for (const auto& one : every) one->fails({});
    failing->fails(error{error_code::timed_out, "step two hung", {}});
    const auto before = client.count();
    for (const char* source : {"secrets", "plugin", "config"}) refuse(source, error_code::denied);
    const auto got = ask(query_of(api, all()));
    ASSERT_FALSE(got);
    EXPECT_EQ(client.count() - before, 2U) << "the other two are tried";
    EXPECT_EQ(got.error().code, error_code::unavailable) << "the one that failed might have helped";
    EXPECT_THAT(got.error().message, HasSubstr("a source of credentials could not be asked: step two hung"));
  }
}

TEST_F(Sources, AFailureForGoodLeavesTheRefusalARefusal) {
  plugin->fails(error{error_code::unsupported, "helpers are off", {}});
  for (const char* source : {"secrets", "config"}) refuse(source, error_code::denied);
  const auto got = ask(query_of(api, all()));
  EXPECT_EQ(got.error().code, error_code::denied);
  EXPECT_THAT(got.error().message, HasSubstr("helpers are off"));
}

TEST_F(Sources, WhenAllFailTheImageMayStillBePublic) {
  for (const auto& one : {secrets, plugin, config}) one->fails(error{error_code::unavailable, "gone", {}});
  EXPECT_TRUE(ask(query_of(api, all())));
  EXPECT_THAT(asked_with(), ElementsAre("anonymous"));
}

TEST_F(Sources, ASlowOneGetsItsShareAndNoMore) {
  const auto slow = std::make_shared<slow_source>(time.clock);
  const auto p = start(query_of(api, in_order({slow, config})), 60s);
  ASSERT_TRUE(p->is_done());
  EXPECT_TRUE(p->only());
  EXPECT_THAT(slow->given, ElementsAre(3s));
  EXPECT_THAT(asked_with(), ElementsAre("config"));
}

TEST_F(Sources, ThreeThatHangLeaveTimeForTheAnswer) {
  const auto slow = std::make_shared<slow_source>(time.clock);
  const auto p = start(query_of(api, in_order({slow, slow, slow, config})), 2700ms);
  ASSERT_TRUE(p->is_done());
  EXPECT_TRUE(p->only());
  EXPECT_THAT(slow->given, ElementsAre(900ms, 600ms, 400ms));
}

TEST_F(Sources, ASlowOneIsNamedByWhatItSaysItIs) {
  const auto slow = std::make_shared<slow_source>(time.clock);
  refuse("config", error_code::denied);
  const auto p = start(query_of(api, in_order({slow, config})), 60s);
  EXPECT_EQ(p->only().error().message, "config is refused; slow plugin could not be asked: no answer in time");
  EXPECT_EQ(p->only().error().code, error_code::unavailable);
}

TEST_F(Sources, AStaleDigestServesWhileASourceIsOutOfOrder) {
  EXPECT_TRUE(ask(query_of(api, all())));
  time.advance(61s);
  plugin->fails(error{error_code::unavailable, "gone", {}});
  for (const char* source : {"secrets", "config"}) refuse(source, error_code::unauthorized);
  EXPECT_EQ(ask(query_of(api, all())).value().from, origin::stale);
}

TEST_F(Sources, NothingIsAskedWithCredentialsOfAnotherKey) {
  // Between the first part's answer and the second's the first changes: the rest belongs to another identity.
  refuse("secrets", error_code::denied);
  plugin->when_asked([&, is_first = true]() mutable {
    if (std::exchange(is_first, false)) secrets->becomes("newer");
  });
  const auto got = ask(query_of(api, all()));
  ASSERT_TRUE(got);
  EXPECT_THAT(asked_with(), ElementsAre("secrets", "newer"));
}

TEST_F(Sources, TheLimitOfCredentialsHoldsOverAllParts) {
  options.most_credentials = 2;
  TearDown();
  open();
  for (const char* source : {"secrets", "plugin", "config"}) refuse(source, error_code::denied);
  EXPECT_FALSE(ask(query_of(api, all())));
  EXPECT_THAT(asked_with(), ElementsAre("secrets", "plugin"));
  EXPECT_EQ(config->asked(), 0);
}

TEST_F(Sources, WhatIsHeldIsAskedForOnceMoreAfterARefusal) {
  refuse("secrets", error_code::unauthorized);
  plugin->set("plugin", {});
  config->set("config", {});
  secrets->renews_as("fresh");
  EXPECT_TRUE(ask(query_of(api, all())));
  EXPECT_THAT(asked_with(), ElementsAre("secrets", "fresh"));
}

TEST_F(Sources, ARegistryAtRestCostsNoCredentials) {
  client.fails(api, {error_code::unavailable, "503", 30s});
  EXPECT_FALSE(ask(query_of(api, all())));
  const int before = secrets->asked();
  EXPECT_FALSE(ask(query_of(api, all())));
  EXPECT_EQ(secrets->asked(), before);
}

}  // namespace
}  // namespace pinhook::resolve
