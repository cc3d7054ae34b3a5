// All images of an object that are written by their digests are found to be accepted at once, by the same credentials
// as they were.
#include <pinhook/admission/vouched_slots.hpp>

#include "support/handler_fixture.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace pinhook::admission {
namespace {

using testing::container;
using testing::deployment;
using testing::digest_of_digit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::review_of;
using testing::sha;

constexpr std::string_view deny_rule = "[{name: own, require: {signed: [acme]}, action: deny}]";

struct VouchedSlots : testing::handler_fixture {
  const std::string a = "ghcr.io/acme/web@" + sha('a');
  const std::string b = "ghcr.io/acme/web@" + sha('b');

  static std::string one(const std::string& image) { return review_of(deployment(container("web", image))); }
  static std::string both(const std::string& first, const std::string& second) {
    return review_of(deployment(container("web", first) + "," + container("db", second)));
  }
  // The number of questions that a request asks.
  std::size_t asked_by(const std::string& body) {
    const std::size_t before = signatures->queries().size();
    ask(body);
    return signatures->queries().size() - before;
  }
  // It is found without a question after an identity.
  bool is_found(const std::string& body) {
    const int before = credentials->identified();
    return asked_by(body) == 0 && credentials->identified() == before && response["response"]["allowed"].GetBool();
  }
  void SetUp() override {
    signatures->are(1, time.now() + std::chrono::hours(1));
    signatures->accepts("acme", digest_of_digit('a'));
    signatures->accepts("acme", digest_of_digit('b'));
    use_rules(deny_rule);
    ASSERT_EQ(asked_by(both(a, b)), 2U);
    ASSERT_FALSE(is_found(both(a, b))) << "each by itself";
    ASSERT_TRUE(is_found(both(a, b)));
  }
};

TEST_F(VouchedSlots, AreOfTheSameImagesInTheirOrder) {
  EXPECT_FALSE(is_found(both(b, a)));
  EXPECT_TRUE(is_found(both(b, a)));
  EXPECT_FALSE(is_found(one(a)));
  EXPECT_TRUE(is_found(one(a)));
  EXPECT_EQ(asked_by(both(a, "ghcr.io/acme/web@" + sha('c'))), 1U);
  EXPECT_FALSE(response["response"]["allowed"].GetBool());
  EXPECT_EQ(asked_by(both(a, "ghcr.io/acme/web@" + sha('c'))), 1U) << "nothing is kept of what is not accepted";
  EXPECT_TRUE(is_found(both(a, b)));
}

TEST_F(VouchedSlots, AreForgottenWithVerifiersRulesAndCredentials) {
  signatures->are(2, time.now() + std::chrono::hours(1));
  EXPECT_EQ(asked_by(both(a, b)), 2U) << "a verifier changed";
  ask(both(a, b));
  EXPECT_TRUE(is_found(both(a, b)));
  use_rules(deny_rule);
  EXPECT_EQ(asked_by(both(a, b)), 2U) << "the rules were read again";
  ask(both(a, b));
  EXPECT_TRUE(is_found(both(a, b)));
  credentials->becomes("another");
  EXPECT_EQ(asked_by(both(a, b)), 2U);
  ask(both(a, b));
  EXPECT_TRUE(is_found(both(a, b)));
  credentials->counts_no_changes();
  EXPECT_FALSE(is_found(both(a, b))) << "each image is looked for by its identity";
  EXPECT_EQ(asked_by(both(a, b)), 0U);
}

TEST_F(VouchedSlots, AreNotSharedWithOtherCredentials) {
  const auto first = credentials;
  credentials = testing::fake_credentials::make("operator");
  EXPECT_FALSE(is_found(both(a, b))) << "equal ones find each image";
  EXPECT_EQ(signatures->queries().size(), 2U);
  EXPECT_TRUE(is_found(both(a, b)));
  credentials = testing::fake_credentials::make("somebody else");
  EXPECT_EQ(asked_by(both(a, b)), 2U);
  credentials = first;
  EXPECT_TRUE(is_found(both(a, b)));
}

TEST_F(VouchedSlots, EndWithTheFirstOfTheirAnswers) {
  signatures->are(2, time.now() + std::chrono::hours(1));
  ASSERT_EQ(asked_by(one(a)), 1U);
  signatures->are(2, time.now() + std::chrono::hours(2));
  ASSERT_EQ(asked_by(one(b)), 1U);
  EXPECT_EQ(asked_by(both(a, b)), 0U);
  EXPECT_TRUE(is_found(both(a, b)));
  time.advance(std::chrono::hours(1));
  EXPECT_EQ(asked_by(both(a, b)), 1U) << "the answer about one of them ended";
}

TEST_F(VouchedSlots, AreOfOneRuleAlone) {
  use_rules(R"([{name: one, containers: [web], require: {signed: [acme]}, action: deny},
                {name: two, require: {signed: [acme]}, action: deny}])");
  EXPECT_EQ(asked_by(both(a, b)), 2U);
  EXPECT_EQ(asked_by(both(a, b)), 0U);
  EXPECT_FALSE(is_found(both(a, b))) << "each by itself";
}

TEST_F(VouchedSlots, OtherDemandsAreStillJudged) {
  use_rules(R"([{name: own, require: {signed: [acme]}, action: deny},
                {name: elsewhere, require: {registry: [docker.io]}, action: warn}])");
  for (int i = 0; i < 3; ++i) {
    ask(both(a, b));
    EXPECT_THAT(warnings(), ElementsAre(HasSubstr("rule elsewhere"), HasSubstr("rule elsewhere")));
  }
  EXPECT_TRUE(is_found(both(a, b)));
}

// As many as are found one by one.
TEST_F(VouchedSlots, ALongTextIsNoGroup) {
  std::string all;
  for (int i = 0; i < 60; ++i)
    all +=
        (i == 0 ? "" : ",") + container(fmt::format("c{}", i), fmt::format("ghcr.io/{:060}/{:060}@{}", i, i, sha('a')));
  const std::string body = review_of(deployment(all));
  EXPECT_EQ(asked_by(body), 60U);
  EXPECT_EQ(asked_by(body), 0U);
  EXPECT_FALSE(is_found(body));
}

}  // namespace
}  // namespace pinhook::admission
