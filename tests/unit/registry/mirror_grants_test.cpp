#include <pinhook/registry/mirror_grants.hpp>

#include "support/fake_credentials.hpp"
#include "support/run.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace pinhook::registry {
namespace {

const std::string granted = "reg.example.com/acme/app:1";
const std::string other = "other.example.com/acme/app:1";

reference ref(const std::string& text) { return reference::parse(text).value(); }

std::vector<pull_entry> secret_for(const std::string& registry, const std::string& password) {
  const secret text(fmt::format(R"({{"auths":{{"{}":{{"username":"u","password":"{}"}}}}}})", registry, password));
  return parse_pull_secret(pull_secret_form::config_json, text, "regcred").value();
}

struct MirrorGrants : ::testing::Test {
  std::shared_ptr<mirror_grants> grants = std::make_shared<mirror_grants>();
  std::shared_ptr<testing::fake_credentials> inner = testing::fake_credentials::make("inner");

  void grant(const std::string& pattern) { grants->use({parse_image_pattern(pattern).value()}); }
  [[nodiscard]] granted_credentials tenant(const std::string& password) const {
    return {inner, secret_for("mirror.example.com", password), grants};
  }
  [[nodiscard]] std::shared_ptr<credential_source> held_tenant(const std::string& password) const {
    return std::make_shared<granted_credentials>(inner, secret_for("mirror.example.com", password), grants);
  }
};

TEST_F(MirrorGrants, CoverNothingBeforeTheyAreKnown) {
  EXPECT_FALSE(grants->covers(ref(granted)));
  EXPECT_EQ(tenant("a").identity_for(ref(granted)), "inner");
  EXPECT_EQ(tenant("a").for_mirrors_of(ref(granted)), nullptr);
}

TEST_F(MirrorGrants, MatchAsTheKubeletDoes) {
  grant("*.example.com/acme");
  EXPECT_TRUE(grants->covers(ref(granted)));
  EXPECT_TRUE(grants->covers(ref(other)));
  EXPECT_FALSE(grants->covers(ref("reg.example.com/other:1")));
  EXPECT_FALSE(grants->covers(ref("a.b.example.com/acme/app:1")));
  grants->use({});
  EXPECT_FALSE(grants->covers(ref(granted)));
}

TEST_F(MirrorGrants, SecretsForMirrorsAreAPartOfTheIdentity) {
  grant("reg.example.com");
  EXPECT_NE(tenant("a").identity_for(ref(granted)), tenant("b").identity_for(ref(granted)));
  EXPECT_NE(tenant("a").identity_for(ref(granted)), "inner");
  EXPECT_EQ(tenant("a").identity_for(ref(granted)), tenant("a").identity_for(ref(granted))) << "equal secrets share";
  EXPECT_EQ(tenant("a").identity_for(ref(other)), "inner") << "its mirrors get none";
  EXPECT_EQ(tenant("a").for_mirrors_of(ref(other)), nullptr);
}

TEST_F(MirrorGrants, ChangesAreThoseOfTheGrantsAndOfWhatIsBehind) {
  const granted_credentials one = tenant("a");
  const auto first = one.changes();
  grant("reg.example.com");
  const auto second = one.changes();
  EXPECT_GT(second, first);
  inner->becomes("other");
  EXPECT_GT(one.changes(), second);
  inner->counts_no_changes();
  EXPECT_FALSE(one.changes());
}

TEST_F(MirrorGrants, AMirrorIsShownTheTenantsSecretsFirst) {
  grant("reg.example.com");
  const auto source = held_tenant("a");
  const auto own = testing::fake_credentials::make("node");
  const auto asked = for_mirror(source, own, ref(granted));
  const auto got = testing::run(asked->credentials_for(ref("mirror.example.com/acme/app:1"), deadline::never()));
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 2U);
  EXPECT_EQ(got->at(0).source, "pull secret regcred");
  EXPECT_EQ(got->at(1).source, "node");
  EXPECT_EQ(for_mirror(source, own, ref(other)), own);
  EXPECT_EQ(for_mirror(nullptr, own, ref(granted)), own);
  EXPECT_EQ(for_mirror(inner, nullptr, ref(granted)), nullptr);
}

TEST_F(MirrorGrants, TheRegistryIsShownWhatItWasBefore) {
  grant("reg.example.com");
  auto source = tenant("a");
  const auto got = testing::run(source.credentials_for(ref(granted), deadline::never()));
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 1U);
  EXPECT_EQ(got->at(0).source, "inner");
  EXPECT_TRUE(source.parts().empty());
  EXPECT_TRUE(source.troubles().empty());
}

}  // namespace
}  // namespace pinhook::registry
