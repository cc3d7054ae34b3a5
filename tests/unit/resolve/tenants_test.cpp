// A digest may be handed out only to a request that could have asked the registry itself.
#include "resolver_world.hpp"

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
using ::testing::UnorderedElementsAre;

const std::string api = "ghcr.io/acme/api:2";

struct Tenants : testing::resolver_world {
  Tenants() { client.holds(api, digest_of_digit('a')); }
  std::vector<std::string> asked_by() const {
    std::vector<std::string> out;
    for (const auto& call : client.calls()) out.push_back(call.identity);
    return out;
  }
};

TEST_F(Tenants, AreAskedForSeparately) {
  const auto a = fake_credentials::make("a");
  const auto b = fake_credentials::make("b");
  client.refuses_source("b", {error_code::denied, "not yours", {}});
  EXPECT_TRUE(ask(query_of(api, a)));
  EXPECT_EQ(ask(query_of(api, b)).error().code, error_code::denied);
  EXPECT_EQ(ask(query_of(api)).value().from, origin::registry) << "anonymous is a tenant too";
  EXPECT_THAT(asked_by(), ElementsAre("a", "b", "anonymous"));
  EXPECT_EQ(ask(query_of(api, a)).value().from, origin::cache);
  EXPECT_EQ(ask(query_of(api, b)).error().code, error_code::denied);
}

TEST_F(Tenants, RefusedCredentialsThatCanBeRenewedAreTriedOnceMore) {
  const auto a = fake_credentials::make("a");
  a->renews_as("a, renewed");
  client.refuses_source("a", {error_code::unauthorized, "ended", {}});
  EXPECT_TRUE(ask(query_of(api, a)));
  EXPECT_THAT(asked_by(), ElementsAre("a", "a, renewed"));
  EXPECT_EQ(ask(query_of(api, a)).value().from, origin::cache);
}

TEST_F(Tenants, RefusedCredentialsAreRenewedOnceAtMost) {
  const auto a = fake_credentials::make("a");
  a->renews_as("b");
  for (const char* source : {"a", "b"}) client.refuses_source(source, {error_code::unauthorized, "no", {}});
  EXPECT_EQ(ask(query_of(api, a)).error().code, error_code::unauthorized);
  EXPECT_THAT(asked_by(), ElementsAre("a", "b"));
}

TEST_F(Tenants, WithEqualIdentitiesShareAnswers) {
  EXPECT_TRUE(ask(query_of(api, fake_credentials::make("same"))));
  EXPECT_EQ(ask(query_of(api, fake_credentials::make("same"))).value().from, origin::cache);
}

TEST_F(Tenants, DoNotShareALookUp) {
  client.hang();
  const auto a = start(query_of(api, fake_credentials::make("a")));
  const auto b = start(query_of(api, fake_credentials::make("b")));
  EXPECT_EQ(client.hanging(), 2U);
  client.release();
  time.settle();
  EXPECT_TRUE(a->is_done() && b->is_done());
}

TEST_F(Tenants, AStaleDigestIsNotAnotherTenants) {
  ask(query_of(api, fake_credentials::make("a")));
  time.advance(61s);
  client.fails(api, {error_code::unavailable, "503", {}});
  EXPECT_FALSE(ask(query_of(api, fake_credentials::make("b"))));
  EXPECT_EQ(ask(query_of(api, fake_credentials::make("a"))).value().from, origin::stale);
}

TEST_F(Tenants, CredentialsThatChangeUnderWayStoreUnderTheNewIdentity) {
  const auto tenant = fake_credentials::make("old");
  tenant->when_asked([&] { tenant->becomes("new"); });
  const auto got = ask(query_of(api, tenant));
  ASSERT_TRUE(got);
  EXPECT_THAT(asked_by(), ElementsAre("new"));
  EXPECT_FALSE(tags->known(query_of(api, fake_credentials::make("old"))))
      << "obtained with the new secret, handed out for the old one";
  EXPECT_EQ(tags->known(query_of(api, fake_credentials::make("new"))), digest_of_digit('a'));
}

// A's secret is replaced by one with more rights while the look-up that both wait for fetches the credentials.
TEST_F(Tenants, OneWhoSharedAnIdentityGetsNothingThatAnothersNewSecretObtained) {
  const auto a = fake_credentials::make("shared");
  const auto b = fake_credentials::make("shared");
  client.refuses_source("shared", {error_code::denied, "not yours", {}});
  a->when_asked([&] { a->becomes("more rights"); });
  std::vector<query> both;
  both.push_back(query_of(api, a));
  both.push_back(query_of(api, b));
  const auto p = start(std::move(both), 10s);
  ASSERT_TRUE(p->is_done());
  EXPECT_TRUE(p->answers->at(0));
  ASSERT_FALSE(p->answers->at(1)) << "B got what only A may see";
  EXPECT_EQ(p->answers->at(1).error().code, error_code::denied);
  EXPECT_THAT(asked_by(), UnorderedElementsAre("more rights", "shared"));
}

TEST_F(Tenants, WaitersOfOtherTenantsAreAskedForAnewWhenTheSharedLookUpMoves) {
  const auto a = fake_credentials::make("shared");
  const auto b = fake_credentials::make("shared");
  client.refuses_source("shared", {error_code::denied, "not yours", {}});
  std::shared_ptr<testing::pending_request> of_b;
  a->when_asked([&] {
    // B comes while A's credentials are being fetched, and joins.
    if (!of_b) {
      of_b = std::make_shared<testing::pending_request>();
      std::vector<query> one;
      one.push_back(query_of(api, b));
      boost::asio::co_spawn(time.io, keep(tags, std::move(one), deadline::never(), of_b),
                            [](const std::exception_ptr&) {});
      a->becomes("more rights");
    }
  });
  const auto of_a = start(query_of(api, a));
  ASSERT_TRUE(of_a->is_done() && of_b->is_done());
  EXPECT_TRUE(of_a->only());
  ASSERT_FALSE(of_b->only()) << "B got what only A may see";
  EXPECT_EQ(of_b->only().error().code, error_code::denied);
}

TEST_F(Tenants, CredentialsThatNeverStandStillAreRefused) {
  const auto tenant = fake_credentials::make("0");
  int n = 0;
  tenant->when_asked([&] { tenant->becomes(std::to_string(++n)); });
  const auto got = ask(query_of(api, tenant));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unavailable);
  EXPECT_THAT(got.error().message, HasSubstr("keep changing"));
  EXPECT_EQ(client.count(), 0U);
  tenant->when_asked({});
  EXPECT_TRUE(ask(query_of(api, tenant)));
}

// A helper program's identity is that of the helper; the token it prints has another one each time.
TEST_F(Tenants, ASourceWhoseTokensChangeIsCachedUnderItsOwnIdentity) {
  const auto helper = fake_credentials::make("helper");
  helper->set("helper", {fake_credentials::credential_named("token 1")});
  EXPECT_TRUE(ask(query_of(api, helper)));
  helper->set("helper", {fake_credentials::credential_named("token 2")});
  EXPECT_EQ(ask(query_of(api, helper)).value().from, origin::cache);
  EXPECT_FALSE(tags->known(query_of(api, fake_credentials::make("token 1"))));
}

TEST_F(Tenants, EveryCredentialOfASourceIsTried) {
  const auto tenant = fake_credentials::make("both");
  tenant->set("both", {fake_credentials::credential_named("first"), fake_credentials::credential_named("second")});
  client.refuses_source("first", {error_code::denied, "no", {}});
  EXPECT_TRUE(ask(query_of(api, tenant)));
  EXPECT_THAT(asked_by(), ElementsAre("first", "second"));
}

TEST_F(Tenants, ASourceWithoutCredentialsIsAskedForAsAnonymous) {
  const auto none = fake_credentials::make("x");
  none->set("anonymous", {});
  EXPECT_TRUE(ask(query_of(api, none)));
  EXPECT_THAT(asked_by(), ElementsAre("anonymous"));
  EXPECT_EQ(ask(query_of(api)).value().from, origin::cache);
}

}  // namespace
}  // namespace pinhook::resolve
