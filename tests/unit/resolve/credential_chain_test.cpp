#include "support/fake_credentials.hpp"
#include "support/fake_registry_client.hpp"
#include "support/fake_resolver.hpp"
#include "support/run.hpp"

#include <pinhook/resolve/credential_chain.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::resolve {
namespace {

using ::testing::ElementsAre;
using testing::fake_credentials;
using testing::fake_registry_client;
using ::testing::HasSubstr;
using ::testing::Not;

error refusal(error_code code) { return {code, "said " + std::string(to_string(code)), {}}; }

std::vector<registry::credential> named(std::initializer_list<const char*> names) {
  std::vector<registry::credential> out;
  for (const char* n : names) out.push_back(fake_credentials::credential_named(n));
  return out;
}

std::vector<std::string> sources(const fake_registry_client& client) {
  std::vector<std::string> out;
  for (const auto& call : client.calls()) out.push_back(call.source);
  return out;
}

TEST(CredentialChain, TheNextIsTriedOnlyAfterARefusalThatItMayLift) {
  struct {
    error_code code;
    bool goes_on;
  } const rows[] = {
      {error_code::unauthorized, true},   {error_code::denied, true},       {error_code::not_found, true},
      {error_code::unavailable, false},   {error_code::timed_out, false},   {error_code::rate_limited, false},
      {error_code::malformed, false},     {error_code::unsupported, false}, {error_code::canceled, false},
      {error_code::invalid_input, false}, {error_code::internal, false},
  };
  for (const auto& row : rows) {
    credential_chain chain(named({"a", "b"}), 16);
    ASSERT_NE(chain.next(), nullptr);
    EXPECT_EQ(chain.next()->source, "a");
    chain.failed(refusal(row.code));
    EXPECT_EQ(chain.next() != nullptr, row.goes_on) << to_string(row.code);
    EXPECT_EQ(chain.verdict().code, row.code);
  }
}

TEST(CredentialChain, TheMostTellingRefusalIsReported) {
  credential_chain chain(named({"a", "b", "c"}), 16);
  chain.failed(refusal(error_code::unauthorized));
  chain.failed(refusal(error_code::not_found));
  chain.failed(refusal(error_code::denied));
  EXPECT_EQ(chain.next(), nullptr);
  const error told = chain.verdict();
  EXPECT_EQ(told.code, error_code::not_found);
  EXPECT_EQ(told.message, "said not_found (3 credentials were tried: a, b, c)");
}

TEST(CredentialChain, AFinalFailureIsTheVerdict) {
  credential_chain chain(named({"a", "b"}), 16);
  chain.failed(refusal(error_code::not_found));
  chain.failed(refusal(error_code::unavailable));
  EXPECT_EQ(chain.verdict().code, error_code::unavailable);
}

TEST(CredentialChain, WithoutCredentialsItAsksOnceAsAnonymous) {
  credential_chain chain({}, 16);
  ASSERT_NE(chain.next(), nullptr);
  EXPECT_EQ(chain.next()->kind, registry::credential_kind::anonymous);
  chain.failed(refusal(error_code::unauthorized));
  EXPECT_EQ(chain.next(), nullptr);
  EXPECT_EQ(chain.verdict().message, "said unauthorized");
}

TEST(CredentialChain, TriesNoMoreThanItsLimit) {
  credential_chain chain(named({"a", "b", "c", "d", "e"}), 4);
  int tried = 0;
  for (; chain.next() != nullptr; ++tried) chain.failed(refusal(error_code::denied));
  EXPECT_EQ(tried, 4);
  const std::string message = chain.verdict().message;
  EXPECT_THAT(message, HasSubstr("4 credentials were tried: a, b, c, …"));
  EXPECT_THAT(message, HasSubstr("no more than 4 of 5"));
}

TEST(CredentialChain, AsksInOrderUntilOneGetsTheAnswer) {
  fake_registry_client client;
  client.holds("ghcr.io/acme/api:1", testing::digest_of_digit('a'));
  client.refuses_source("a", refusal(error_code::denied));
  const auto ref = registry::reference::parse("ghcr.io/acme/api:1").value();
  auto got = testing::run(ask_in_turn(client, ref, named({"a", "b", "c"}), 16, deadline::never()));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->digest, testing::digest_of_digit('a'));
  EXPECT_THAT(sources(client), ElementsAre("a", "b"));
}

TEST(CredentialChain, NeverTriesAnonymouslyAfterACredential) {
  fake_registry_client client;
  client.holds("ghcr.io/acme/api:1", testing::digest_of_digit('a'));
  client.refuses_source("a", refusal(error_code::unauthorized));
  const auto ref = registry::reference::parse("ghcr.io/acme/api:1").value();
  auto got = testing::run(ask_in_turn(client, ref, named({"a"}), 16, deadline::never()));
  ASSERT_FALSE(got);
  EXPECT_THAT(sources(client), ElementsAre("a"));
  EXPECT_THAT(got.error().message, Not(HasSubstr("password")));
}

}  // namespace
}  // namespace pinhook::resolve
