#include <pinhook/registry/pull_keyring.hpp>

#include "support/run.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

reference ref(std::string_view text) { return reference::parse(text).value(); }

result<std::vector<pull_entry>> parse(const std::string& text, std::string_view name = "regcred",
                                      pull_secret_form form = pull_secret_form::config_json) {
  return parse_pull_secret(form, secret(text), name);
}

std::string auths(const std::string& entries) { return "{\"auths\":{" + entries + "}}"; }
std::string entry(const std::string& key, const std::string& user, const std::string& password = "p") {
  return fmt::format(R"("{}":{{"username":"{}","password":"{}"}})", key, user, password);
}

pull_keyring keyring_of(const std::vector<std::string>& texts) {
  std::vector<pull_entry> all;
  int n = 0;
  for (const std::string& text : texts) {
    auto some = parse(text, "s" + std::to_string(++n));
    EXPECT_TRUE(some) << some.error().message;
    all.insert(all.end(), some->begin(), some->end());
  }
  return pull_keyring(std::move(all));
}

std::vector<std::string> users(const pull_keyring& keyring, std::string_view image) {
  std::vector<std::string> out;
  for (const pull_entry* e : keyring.find(ref(image))) out.push_back(e->credential.username);
  return out;
}

std::string pair_of(const std::string& fields) {
  const auto got = parse(auths("\"r.io\":{" + fields + "}"));
  if (!got) return got.error().message;
  if (got->empty()) return "none";
  return got->front().credential.username + " " + got->front().credential.secret.reveal();
}

TEST(PullKeyring, ReadsBothForms) {
  const auto json = parse(R"({"auths":{"r.io":{"username":"u","password":"p"}},"credsStore":"x"})");
  const auto cfg = parse(R"({"r.io":{"username":"u","password":"p","email":"e"}})", "old", pull_secret_form::dockercfg);
  ASSERT_TRUE(json && cfg);
  for (const auto* all : {&*json, &*cfg}) {
    ASSERT_EQ(all->size(), 1U);
    EXPECT_EQ(all->front().pattern.key(), "r.io");
    EXPECT_EQ(all->front().credential.kind, credential_kind::basic);
    EXPECT_EQ(all->front().credential.username, "u");
    EXPECT_EQ(all->front().credential.secret.reveal(), "p");
  }
  EXPECT_EQ(json->front().credential.source, "pull secret regcred");
  EXPECT_EQ(cfg->front().credential.source, "pull secret old");
}

// dTpw: u:p
TEST(PullKeyring, AuthBeatsThePair) {
  EXPECT_EQ(pair_of(R"("auth":"dTpw")"), "u p");
  EXPECT_EQ(pair_of(R"("auth":"dTpw","username":"x","password":"y")"), "u p");
  EXPECT_EQ(pair_of(R"("auth":"","username":"x","password":"y")"), "x y");
  EXPECT_EQ(pair_of(R"("auth":null,"username":"x","password":"y")"), "x y");
  EXPECT_EQ(pair_of(R"("auth":"dTpwOnE=")"), "u p:q") << "split at the first colon";
  EXPECT_EQ(pair_of(R"("auth":"dTpwOnE")"), "u p:q") << "without its padding";
  EXPECT_EQ(pair_of(R"("auth":"dTo=")"), "u ") << "an empty password is one";
  EXPECT_EQ(pair_of(R"("Auth":"dTpw")"), "u p") << "as Go reads field names";
  EXPECT_EQ(pair_of(R"("username":"x","USERNAME":"y","password":"p")"), "y p");
}

TEST(PullKeyring, WhatTheKubeletDoesNotReadDoesNotCount) {
  EXPECT_EQ(pair_of(R"("identitytoken":"t")"), "none");
  EXPECT_EQ(pair_of(R"("registrytoken":"t")"), "none");
  EXPECT_EQ(pair_of(R"("auth":"dTpw","identitytoken":"t","registrytoken":"t")"), "u p");
  EXPECT_EQ(pair_of(R"("identitytoken":5,"serveraddress":[],"username":"u","password":"p")"), "u p");
  EXPECT_THAT(parse(R"({"credHelpers":{"r.io":"h"},"credsStore":"s"})").value(), IsEmpty());
}

TEST(PullKeyring, EntriesWithoutAUserAreNobodys) {
  EXPECT_EQ(pair_of(""), "none");
  EXPECT_EQ(pair_of(R"("email":"e@x")"), "none");
  EXPECT_EQ(pair_of(R"("password":"p")"), "none");
  EXPECT_EQ(pair_of(R"("auth":"OnA=")"), "none") << ":p";
  EXPECT_THAT(parse(R"({"auths":{"r.io":null}})").value(), IsEmpty());
  for (const char* text : {"{}", "null", R"({"auths":null})", R"({"auths":{}})"})
    EXPECT_THAT(parse(text).value(), IsEmpty()) << text;
}

TEST(PullKeyring, KeysThatAreNoPatternArePassedOver) {
  EXPECT_THAT(users(keyring_of({auths(entry("a b", "x") + "," + entry("r.io", "u") + "," + entry("", "y"))}), "r.io/a"),
              ElementsAre("u"));
}

TEST(PullKeyring, BrokenSecretsSayWhereAndNothingOfTheirContent) {
  const std::string where = R"("r.io": )";
  EXPECT_EQ(pair_of(R"("auth":"hunter2*")"), where + "\"auth\" is not base64");
  EXPECT_EQ(pair_of(R"("auth":"aHVudGVyMg==")"), where + "\"auth\" must be the base64 of user:password");
  EXPECT_EQ(pair_of(R"("username":{"hunter2":1})"), where + "\"username\" must be a string");
  EXPECT_EQ(pair_of(R"("password":5)"), where + "\"password\" must be a string");
  EXPECT_EQ(pair_of(R"("email":[])"), where + "\"email\" must be a string");
  EXPECT_EQ(parse(R"({"auths":{"r.io":"hunter2"}})").error().message, where + "must be an object");
  EXPECT_EQ(parse(R"({"auths":"hunter2"})").error().message, "\"auths\": must be an object");
  EXPECT_EQ(parse("[]").error().message, "must be a JSON object");
  for (const char* text : {"", "hunter2", "{\"auths\":{\"r.io\":{\"auth\":\"hunter2", "{} hunter2"}) {
    const auto got = parse(text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, error_code::invalid_input);
    EXPECT_THAT(got.error().message, HasSubstr("not valid JSON"));
    EXPECT_THAT(got.error().message, Not(HasSubstr("hunter2")));
  }
}

TEST(PullKeyring, IsLimited) {
  std::string text;
  for (std::size_t i = 0; i < max_pull_secret_entries; ++i) text += entry("r" + std::to_string(i) + ".io", "u") + ",";
  EXPECT_EQ(parse(auths(text.substr(0, text.size() - 1))).value().size(), max_pull_secret_entries);
  EXPECT_EQ(parse(auths(text + entry("x.io", "u"))).error().message, "it has more than 1000 entries");
  const std::string most = auths(entry("r.io", "u"));
  EXPECT_TRUE(parse(most + std::string(max_pull_secret_size - most.size(), ' ')));
  EXPECT_FALSE(parse(most + std::string(max_pull_secret_size - most.size() + 1, ' ')));
}

TEST(PullKeyring, TheMoreSpecificKeyComesFirst) {
  const auto keyring =
      keyring_of({auths(entry("quay.io", "all") + "," + entry("quay.io/coreos", "coreos") + "," +
                        entry("*.io", "star") + "," + entry("https://quay.io/v1/coreos/etcd", "etcd"))});
  EXPECT_THAT(users(keyring, "quay.io/coreos/etcd"), ElementsAre("etcd", "coreos", "all", "star"));
  EXPECT_THAT(users(keyring, "quay.io/coreos/x"), ElementsAre("coreos", "all", "star"));
  EXPECT_THAT(users(keyring, "quay.io/x"), ElementsAre("all", "star"));
  EXPECT_THAT(users(keyring, "gcr.io/x"), ElementsAre("star"));
  EXPECT_THAT(users(keyring, "quay.io:5000/x"), IsEmpty());
}

TEST(PullKeyring, KeysAreSortedOverAllSecrets) {
  const auto keyring =
      keyring_of({auths(entry("r.io", "1") + "," + entry("r.io/b", "2")),
                  auths(entry("r.io/a", "3") + "," + entry("*.io", "4")), auths(entry("r.io/ab", "5"))});
  EXPECT_THAT(users(keyring, "r.io/abc"), ElementsAre("5", "3", "1", "4"));
}

TEST(PullKeyring, EqualKeysOfSeveralSecretsAllCountInTheirOrder) {
  const auto keyring =
      keyring_of({auths(entry("r.io", "old")), auths(entry("https://r.io/v2/", "new")), auths(entry("r.io", "old"))});
  EXPECT_THAT(users(keyring, "r.io/a"), ElementsAre("old", "new", "old"));
}

TEST(PullKeyring, OfEqualKeysInOneSecretTheLastCounts) {
  EXPECT_THAT(users(keyring_of({auths(entry("r.io", "1") + "," + entry("r.io", "2"))}), "r.io/a"), ElementsAre("2"));
}

TEST(PullKeyring, DockerHubFallsBackToItsOldName) {
  const std::string hub = entry("https://index.docker.io/v1/", "hub");
  EXPECT_THAT(users(keyring_of({auths(hub)}), "nginx"), ElementsAre("hub"));
  EXPECT_THAT(users(keyring_of({auths(hub)}), "acme/api:1"), ElementsAre("hub"));
  EXPECT_THAT(users(keyring_of({auths(hub)}), "index.docker.io/acme/api"), ElementsAre("hub"));
  EXPECT_THAT(users(keyring_of({auths(hub)}), "r.io/a"), IsEmpty());
  EXPECT_THAT(users(keyring_of({auths(hub), auths(entry("docker.io", "own"))}), "nginx"), ElementsAre("own"));
  EXPECT_THAT(users(keyring_of({auths(hub), auths(entry("docker.io/acme", "own"))}), "nginx"), ElementsAre("hub"));
  EXPECT_THAT(users(keyring_of({auths(entry("index.docker.io", "a")), auths(hub)}), "nginx"), ElementsAre("a", "hub"));
  EXPECT_THAT(users(keyring_of({auths(entry("https://index.docker.io/v1", "x"))}), "nginx"), IsEmpty());
  EXPECT_THAT(users(keyring_of({auths(entry("registry-1.docker.io", "x"))}), "nginx"), IsEmpty());
}

std::string identity(const std::string& text, std::string_view name, std::string_view image = "r.io/a") {
  return keyring_credentials(pull_keyring(parse(text, name).value())).identity_for(ref(image));
}

TEST(PullKeyring, TheIdentityIsThatOfNameKeyUserAndPassword) {
  const std::string plain = identity(auths(entry("r.io", "u", "p")), "s");
  EXPECT_EQ(plain, identity(auths(entry("x.io", "y") + "," + entry("r.io", "u", "p")), "s")) << "a copy elsewhere";
  EXPECT_NE(plain, identity(auths(entry("r.io", "u", "p")), "t")) << "a remembered message names the secret";
  EXPECT_NE(plain, identity(auths(entry("r.io", "u", "q")), "s"));
  EXPECT_NE(plain, identity(auths(entry("r.io", "v", "p")), "s"));
  EXPECT_NE(plain, identity(auths(entry("*.io", "u", "p")), "s"));
  EXPECT_NE(identity(auths(entry("r.io", "ab", "c")), "s"), identity(auths(entry("r.io", "a", "bc")), "s"));
  EXPECT_EQ(identity(auths(entry("r.io", "u", "p")), "s", "x.io/a"), "anonymous");
  EXPECT_THAT(plain, Not(HasSubstr("u")));
}

TEST(PullKeyring, TheIdentityTellsEveryMatchAndTheirOrder) {
  const auto of = [](const std::vector<std::string>& texts) {
    return keyring_credentials(keyring_of(texts)).identity_for(ref("r.io/a"));
  };
  const std::string a = auths(entry("r.io", "a"));
  const std::string b = auths(entry("r.io", "b"));
  EXPECT_NE(of({a, b}), of({a}));
  EXPECT_NE(of({a, b}), of({b, a}));
  EXPECT_EQ(of({a, auths(entry("x.io", "x"))}), of({a}));
}

TEST(PullKeyring, IsASource) {
  keyring_credentials source(keyring_of({auths(entry("r.io", "1") + "," + entry("*.io", "2"))}),
                             {{error_code::not_found, "pull secret b: gone", std::nullopt}});
  const auto got = testing::run(source.credentials_for(ref("r.io/a"), deadline::never()));
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 2U);
  EXPECT_EQ(got->at(0).username, "1");
  EXPECT_EQ(got->at(1).source, "pull secret s1");
  const auto matches = source.matches(ref("r.io/a"));
  ASSERT_EQ(matches.size(), 2U);
  EXPECT_EQ(matches[1].source, "pull secret s1");
  EXPECT_EQ(matches[1].pattern, "*.io");
  ASSERT_EQ(source.troubles().size(), 1U);
  EXPECT_TRUE(testing::run(source.credentials_for(ref("x.example/a"), deadline::never())).value().empty());
  EXPECT_FALSE(source.forget(ref("r.io/a")));
}

}  // namespace
}  // namespace pinhook::registry
