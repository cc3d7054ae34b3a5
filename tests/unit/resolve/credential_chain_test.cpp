#include <pinhook/resolve/credential_chain.hpp>

#include "support/fake_credentials.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::resolve {
namespace {

using testing::fake_credentials;
using ::testing::HasSubstr;

error refusal(error_code code) { return {code, "refused: " + std::string(to_string(code)), {}}; }

std::vector<registry::credential> named(std::initializer_list<const char*> names) {
  std::vector<registry::credential> out;
  for (const char* n : names) out.push_back(fake_credentials::credential_named(n));
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
    credential_chain chain(16);
    chain.offer(named({"a", "b"}));
    ASSERT_NE(chain.next(), nullptr);
    EXPECT_EQ(chain.next()->source, "a");
    chain.failed(refusal(row.code));
    EXPECT_EQ(chain.next() != nullptr, row.goes_on) << to_string(row.code);
    EXPECT_EQ(chain.verdict().code, row.code);
  }
}

TEST(CredentialChain, TheMostTellingRefusalIsReported) {
  credential_chain chain(16);
  chain.offer(named({"a", "b", "c"}));
  chain.failed(refusal(error_code::unauthorized));
  chain.failed(refusal(error_code::not_found));
  chain.failed(refusal(error_code::denied));
  EXPECT_EQ(chain.next(), nullptr);
  const error verdict = chain.verdict();
  EXPECT_EQ(verdict.code, error_code::not_found);
  EXPECT_EQ(verdict.message, "refused: not_found (3 credentials were tried: a, b, c)");
}

TEST(CredentialChain, AFinalFailureIsTheVerdict) {
  credential_chain chain(16);
  chain.offer(named({"a", "b"}));
  chain.failed(refusal(error_code::not_found));
  chain.failed(refusal(error_code::unavailable));
  EXPECT_EQ(chain.verdict().code, error_code::unavailable);
}

TEST(CredentialChain, WithoutCredentialsItAsksOnceAsAnonymous) {
  credential_chain chain(16);
  EXPECT_EQ(chain.next(), nullptr);
  chain.offer_anonymous();
  ASSERT_NE(chain.next(), nullptr);
  EXPECT_EQ(chain.next()->kind, registry::credential_kind::anonymous);
  chain.failed(refusal(error_code::unauthorized));
  EXPECT_EQ(chain.next(), nullptr);
  EXPECT_EQ(chain.verdict().message, "refused: unauthorized");
}

TEST(CredentialChain, TriesNoMoreThanItsLimit) {
  credential_chain chain(4);
  chain.offer(named({"a", "b", "c", "d", "e"}));
  int tried = 0;
  for (; chain.next() != nullptr; ++tried) chain.failed(refusal(error_code::denied));
  EXPECT_EQ(tried, 4);
  const std::string message = chain.verdict().message;
  EXPECT_THAT(message, HasSubstr("4 credentials were tried: a, b, c, …"));
  EXPECT_THAT(message, HasSubstr("no more than 4 of 5"));
}

TEST(CredentialChain, GoesOnWithWhatTheNextSourceGives) {
  credential_chain chain(16);
  chain.offer(named({"a"}));
  EXPECT_EQ(chain.next()->source, "a");
  chain.failed(refusal(error_code::denied));
  EXPECT_EQ(chain.next(), nullptr);
  EXPECT_TRUE(chain.wants_more());
  chain.offer(named({"b"}));
  EXPECT_EQ(chain.next()->source, "b");
  chain.failed(refusal(error_code::timed_out));
  EXPECT_FALSE(chain.wants_more());
  chain.offer(named({"c"}));
  EXPECT_EQ(chain.next(), nullptr);
}

TEST(CredentialChain, TheLimitHoldsOverAllSources) {
  credential_chain chain(3);
  chain.offer(named({"a", "b"}));
  EXPECT_TRUE(chain.wants_more());
  chain.offer(named({"c", "d"}));
  EXPECT_FALSE(chain.wants_more());
  std::string tried;
  for (; chain.next() != nullptr; chain.failed(refusal(error_code::denied))) tried += chain.next()->source;
  EXPECT_EQ(tried, "abc");
  EXPECT_THAT(chain.verdict().message, HasSubstr("no more than 3 of 4"));
}

TEST(CredentialChain, AnonymousIsNoOfferBesideACredential) {
  credential_chain chain(16);
  chain.offer(named({"a"}));
  chain.failed(refusal(error_code::unauthorized));
  chain.offer_anonymous();
  EXPECT_EQ(chain.next(), nullptr);
}

}  // namespace
}  // namespace pinhook::resolve
