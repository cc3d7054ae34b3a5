#include <pinhook/registry/ordered_credentials.hpp>

#include "support/fake_credentials.hpp"
#include "support/run.hpp"

#include <pinhook/registry/pull_keyring.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace pinhook::registry {
namespace {

using ::testing::ElementsAre;
using testing::fake_credentials;

const reference image = reference::parse("r.io/a").value();

std::shared_ptr<fake_credentials> nothing() {
  auto out = fake_credentials::make("anonymous");
  out->set("anonymous", {});
  return out;
}

// Sources of the credentials, or the error's message.
std::vector<std::string> asked(credential_source& from) {
  const auto got = testing::run(from.credentials_for(image, deadline::never()));
  if (!got) return {got.error().message};
  std::vector<std::string> out;
  for (const credential& c : *got) out.push_back(c.source);
  return out;
}

// The facts of a source that `explain` and messages show.
class telling_source final : public credential_source {
 public:
  explicit telling_source(std::string name) : name_(std::move(name)) {}
  [[nodiscard]] std::string identity_for(const reference&) const override { return name_; }
  awaitable<result<std::vector<credential>>> credentials_for(reference, deadline) override {
    co_return std::vector<credential>{};
  }
  [[nodiscard]] std::vector<credential_match> matches(const reference&) const override {
    std::vector<credential_match> out;
    out.push_back({name_, "*"});
    return out;
  }
  [[nodiscard]] std::vector<error> troubles() const override {
    std::vector<error> out;
    out.push_back({error_code::not_found, name_ + ": not there", std::nullopt});
    return out;
  }

 private:
  std::string name_;
};

// Counts the questions after its identity.
class distant_source final : public credential_source {
 public:
  [[nodiscard]] std::string identity_for(const reference&) const override {
    ++asked;
    return "distant";
  }
  [[nodiscard]] bool may_apply_to(const reference& ref) const override { return ref.registry() == "far.io"; }
  awaitable<result<std::vector<credential>>> credentials_for(reference, deadline) override {
    co_return std::vector<credential>{};
  }
  mutable int asked = 0;
};

TEST(OrderedCredentials, AskOnlyPartsThatMayApplyForTheirIdentity) {
  const auto distant = std::make_shared<distant_source>();
  const ordered_credentials all({distant, fake_credentials::make("near")});
  EXPECT_EQ(all.identity_for(image), "near");
  EXPECT_EQ(distant->asked, 0);
  const std::string both = all.identity_for(reference::parse("far.io/a").value());
  EXPECT_EQ(both, keyed_hash("distant\nnear"));
  EXPECT_EQ(distant->asked, 1);
}

TEST(OrderedCredentials, OfNoPartsAreAnonymous) {
  ordered_credentials none({});
  EXPECT_EQ(none.identity_for(image), "anonymous");
  EXPECT_THAT(asked(none), ElementsAre());
  EXPECT_FALSE(none.forget(image));
  EXPECT_TRUE(none.parts().empty() && none.matches(image).empty() && none.troubles().empty());
}

TEST(OrderedCredentials, AreGivenInTheOrderOfTheParts) {
  ordered_credentials all({fake_credentials::make("b"), nothing(), fake_credentials::make("a")});
  EXPECT_THAT(asked(all), ElementsAre("b", "a"));
  EXPECT_EQ(all.parts().size(), 3U);
}

TEST(OrderedCredentials, TheIdentityIsThatOfTheOnlyPartThatApplies) {
  const auto a = fake_credentials::make("a");
  EXPECT_EQ(ordered_credentials({nothing(), a, nothing()}).identity_for(image), "a");
  EXPECT_EQ(ordered_credentials({nothing(), nothing()}).identity_for(image), "anonymous");
}

TEST(OrderedCredentials, TheIdentityTellsPartsAndTheirOrderApart) {
  const auto a = fake_credentials::make("a");
  const auto b = fake_credentials::make("b");
  const auto ab = ordered_credentials({a, b}).identity_for(image);
  EXPECT_EQ(ab, ordered_credentials({a, nothing(), b}).identity_for(image));
  EXPECT_NE(ab, ordered_credentials({b, a}).identity_for(image));
  EXPECT_NE(ab, "a");
  EXPECT_NE(ab, "b");
  EXPECT_NE(ab, ordered_credentials({a, a}).identity_for(image));
}

TEST(OrderedCredentials, TheIdentityChangesWithThatOfAPart) {
  const auto a = fake_credentials::make("a");
  ordered_credentials all({fake_credentials::make("first"), a});
  const auto before = all.identity_for(image);
  a->becomes("other");
  EXPECT_NE(all.identity_for(image), before);
}

TEST(OrderedCredentials, ChangesAreThoseOfAllParts) {
  const auto a = fake_credentials::make("a");
  const auto b = fake_credentials::make("b");
  const ordered_credentials all({a, std::make_shared<keyring_credentials>(pull_keyring()), b});
  const auto before = all.changes();
  ASSERT_TRUE(before);
  EXPECT_EQ(all.changes(), before);
  b->becomes("other");
  EXPECT_GT(all.changes(), before);
  b->counts_no_changes();
  EXPECT_FALSE(all.changes()) << "a part may change unseen";
  EXPECT_NE(all.id(), ordered_credentials({a}).id());
}

TEST(OrderedCredentials, APartThatFailsIsPassedOver) {
  const auto broken = fake_credentials::make("broken");
  broken->fails(error{error_code::unavailable, "no answer", std::nullopt});
  ordered_credentials some({broken, fake_credentials::make("a")});
  EXPECT_THAT(asked(some), ElementsAre("a"));
}

TEST(OrderedCredentials, TheFirstFailureIsTheAnswerWhenNothingElseIs) {
  const auto one = fake_credentials::make("one");
  one->fails(error{error_code::unavailable, "no answer", std::nullopt});
  const auto two = fake_credentials::make("two");
  two->fails(error{error_code::denied, "no", std::nullopt});
  ordered_credentials none({one, nothing(), two});
  EXPECT_THAT(asked(none), ElementsAre("no answer"));
}

TEST(OrderedCredentials, EveryPartForgets) {
  const auto a = fake_credentials::make("a");
  const auto b = fake_credentials::make("b");
  ordered_credentials all({a, b});
  EXPECT_FALSE(all.forget(image));
  a->renews_as("new a");
  b->renews_as("new b");
  EXPECT_TRUE(all.forget(image));
  EXPECT_THAT(asked(all), ElementsAre("new a", "new b"));
  b->renews_as("newer b");
  EXPECT_TRUE(all.forget(image)) << "one of them is enough";
  EXPECT_FALSE(all.forget(image));
}

TEST(OrderedCredentials, MatchesAndTroublesAreThoseOfAllParts) {
  const ordered_credentials all({std::make_shared<telling_source>("x"), std::make_shared<telling_source>("y")});
  ASSERT_EQ(all.matches(image).size(), 2U);
  EXPECT_EQ(all.matches(image)[1].source, "y");
  ASSERT_EQ(all.troubles().size(), 2U);
  EXPECT_EQ(all.troubles()[0].message, "x: not there");
}

}  // namespace
}  // namespace pinhook::registry
