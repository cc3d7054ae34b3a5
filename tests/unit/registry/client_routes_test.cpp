// The registry client on routes that an operator described, and within the rules for the hosts that it may contact.
#include "client_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string at_mirror = "https://m.corp:5000/v2/acme/api/manifests/v1?ns=r.example";

class ClientRoutes : public RegistryClient {
 protected:
  static std::shared_ptr<const route> by(mirror_setting setting, const std::string& ref = "r.example/acme/api:v1") {
    auto made = make_route(setting, reference::parse(ref).value());
    EXPECT_TRUE(made) << made.error().message;
    return std::make_shared<const route>(std::move(*made));
  }
  static mirror_setting mirror(const std::string& url = "https://m.corp:5000") {
    mirror_setting out;
    out.url = url;
    return out;
  }
  std::string ask_by(mirror_setting setting, const std::string& ref = "r.example/acme/api:v1", credential shown = {}) {
    auto way = by(std::move(setting), ref);
    auto work = made().resolve_by(std::move(way), reference::parse(ref).value(), std::move(shown),
                                  deadline::after(time.now(), 10s));
    last = testing::run(std::move(work));
    return last ? last->digest.to_string() : std::string(to_string(last.error().code));
  }
};

TEST_F(ClientRoutes, AMirrorIsToldForWhomItAnswers) {
  http.reply("HEAD *", manifest_head());
  EXPECT_EQ(ask_by(mirror()), own_digest);
  EXPECT_EQ(ask_by(mirror("http://127.0.0.1:5001/hub"), "nginx:1"), own_digest);
  auto root = mirror("https://m.corp/v2/hub");
  root.override_path = true;
  EXPECT_EQ(ask_by(root, "nginx:1"), own_digest);
  EXPECT_EQ(ask_by(mirror("https://registry-1.docker.io"), "nginx:1"), own_digest);
  EXPECT_THAT(http.lines(), ElementsAre("HEAD " + at_mirror,
                                        "HEAD http://127.0.0.1:5001/hub/v2/library/nginx/manifests/1?ns=docker.io",
                                        "HEAD https://m.corp/v2/hub/library/nginx/manifests/1?ns=docker.io",
                                        "HEAD https://registry-1.docker.io/v2/library/nginx/manifests/1"));
  for (const auto& r : http.requests()) EXPECT_TRUE(r.reach.loopback) << "an operator named it: " << r.url;
}

TEST_F(ClientRoutes, AMirrorAnswersForARegistryByAddress) {
  http.reply("HEAD *", manifest_head());
  EXPECT_EQ(ask_by(mirror(), "[2001:db8::1]:5000/acme/api:v1"), own_digest);
  EXPECT_THAT(http.lines(), ElementsAre("HEAD https://m.corp:5000/v2/acme/api/manifests/v1?ns=%5B2001:db8::1%5D:5000"));
}

TEST_F(ClientRoutes, TheRegistryItselfByNameIsAskedAsEver) {
  http.reply("HEAD *", manifest_head());
  EXPECT_EQ(ask_by({}), own_digest);
  EXPECT_THAT(http.lines(), ElementsAre(head_line));
  EXPECT_FALSE(http.requests()[0].reach.loopback);
  EXPECT_EQ(ask_by({}, "localhost:5000/x:1"), "denied");
}

TEST_F(ClientRoutes, WrongDigestsOfAMirrorAreRefused) {
  const std::string expected = digest::of("other").to_string();
  const std::string url = "https://m.corp:5000/v2/acme/api/manifests/" + expected + "?ns=r.example";
  http.reply("HEAD " + url, manifest_head());
  http.reply("GET " + url, manifest_get());
  EXPECT_EQ(ask_by(mirror(), "r.example/acme/api@" + expected), "malformed");
}

TEST_F(ClientRoutes, AMirrorsTokensComeFromItsOwnChallenge) {
  const std::string root = "https://harbor.corp/v2/hub";
  const std::string url = root + "/acme/api/manifests/v1?ns=r.example";
  http.reply("HEAD " + url, challenged(R"(Bearer realm="https://harbor.corp/service/token",service="harbor")"));
  http.reply("HEAD " + url, manifest_head());
  http.reply("GET https://harbor.corp/service/token?service=harbor&scope=repository%3Ahub%2Facme%2Fapi%3Apull",
             token_reply("T1"));
  auto setting = mirror(root);
  setting.override_path = true;
  EXPECT_EQ(ask_by(setting, "r.example/acme/api:v1", user()), own_digest);
  EXPECT_THAT(shown(), ElementsAre("harbor.corp -", "harbor.corp Basic " + alice, "harbor.corp Bearer T1"));
}

TEST_F(ClientRoutes, WithoutAKnownRepositoryTheChallengesScopeCounts) {
  const std::string url = "https://art.corp/artifactory/api/docker/hub/v2/acme/api/manifests/v1?ns=r.example";
  http.reply("HEAD " + url, challenged(R"(Bearer realm="https://art.corp/token",scope="repository:api:pull")"));
  http.reply("HEAD " + url, manifest_head());
  http.reply("GET https://art.corp/token?scope=repository%3Aapi%3Apull", token_reply("T1"));
  EXPECT_EQ(ask_by(mirror("https://art.corp/artifactory/api/docker/hub")), own_digest);
}

TEST_F(ClientRoutes, ThePingGoesToTheMirrorsOwnRoot) {
  auto setting = mirror("https://m.corp/api");
  http.reply("HEAD https://m.corp/api/v2/acme/api/manifests/v1?ns=r.example", respond(401));
  http.reply("HEAD https://m.corp/api/v2/acme/api/manifests/v1?ns=r.example", manifest_head());
  http.reply("GET https://m.corp/api/v2/", challenged("Basic"));
  EXPECT_EQ(ask_by(setting, "r.example/acme/api:v1", user()), own_digest);
}

TEST_F(ClientRoutes, HeadersGoToTheRoutesHostAlone) {
  auto setting = mirror();
  setting.headers = {
      {"X-Team", secret("team-token")}, {"User-Agent", secret("corp")}, {"authorization", secret("Basic Zm9v")}};
  http.reply("HEAD " + at_mirror, respond(307, {{"Location", "https://cdn.example/v2/acme/api/manifests/v1"}}));
  http.reply("HEAD https://cdn.example/v2/acme/api/manifests/v1", challenged());
  http.reply("HEAD https://cdn.example/v2/acme/api/manifests/v1", manifest_head());
  http.reply("GET https://auth.example/*", token_reply("T1"));
  EXPECT_EQ(ask_by(setting), own_digest);
  ASSERT_EQ(http.requests().size(), 4U);
  const auto& first = http.requests()[0];
  EXPECT_EQ(http::find_header(first.headers, "X-Team"), "team-token");
  EXPECT_THAT(http::find_headers(first.headers, "User-Agent"), ElementsAre("corp"));
  EXPECT_EQ(first.authorization->reveal(), "Basic Zm9v");
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_FALSE(http::find_header(http.requests()[i].headers, "X-Team")) << http.lines()[i];
    EXPECT_EQ(http::find_header(http.requests()[i].headers, "User-Agent"), "pinhook");
  }
  EXPECT_THAT(shown(),
              ElementsAre("m.corp:5000 Basic Zm9v", "cdn.example -", "auth.example -", "cdn.example Bearer T1"));
}

TEST_F(ClientRoutes, HeadersGoToARealmOnTheSameHostAndToNoOther) {
  for (const bool is_own : {true, false}) {
    SCOPED_TRACE(is_own);
    client_.reset();
    http.clear_requests();
    http.forget("HEAD " + at_mirror);
    auto setting = mirror();
    setting.headers = {{"X-Team", secret("team-token")}};
    const std::string realm = is_own ? "https://m.corp:5000/token" : "https://auth.example/token";
    http.reply("HEAD " + at_mirror, challenged("Bearer realm=\"" + realm + "\""));
    http.reply("HEAD " + at_mirror, manifest_head());
    http.reply("GET " + realm + "*", token_reply("T1"));
    EXPECT_EQ(ask_by(setting), own_digest);
    ASSERT_EQ(http.requests().size(), 3U);
    EXPECT_EQ(http::find_header(http.requests()[1].headers, "X-Team").has_value(), is_own);
  }
}

TEST_F(ClientRoutes, ARefusalThatRepeatsAHeaderIsScrubbed) {
  auto setting = mirror();
  setting.headers = {{"X-Team", secret("team-token")}};
  http.reply("HEAD " + at_mirror, respond(403));
  http.reply("GET " + at_mirror, respond(403, {}, R"({"errors":[{"code":"DENIED","message":"no, team-token"}]})"));
  EXPECT_EQ(ask_by(setting), "denied");
  EXPECT_THAT(last.error().message, HasSubstr("no, *"));
  expect_kept("team-token", {});
}

TEST_F(ClientRoutes, WhatWasObtainedWithHeadersIsNotGivenToOthers) {
  http.reply("HEAD " + at_mirror, challenged(R"(Bearer realm="https://m.corp:5000/token")"));
  http.reply("HEAD " + at_mirror, manifest_head());
  http.reply("HEAD " + at_mirror, challenged(R"(Bearer realm="https://m.corp:5000/token")"));
  http.reply("HEAD " + at_mirror, manifest_head());
  http.reply("GET https://m.corp:5000/token*", token_reply("T1"));
  auto setting = mirror();
  setting.headers = {{"X-Team", secret("team-token")}};
  EXPECT_EQ(ask_by(setting), own_digest);
  EXPECT_EQ(ask_by(mirror()), own_digest);
  EXPECT_EQ(http.requests().size(), 6U) << "another token for another asker";
}

TEST_F(ClientRoutes, TlsIsTheRoutes) {
  auto setting = mirror();
  setting.ca_files = {"/corp.pem"};
  setting.skip_verify = true;
  http.reply("HEAD *", manifest_head());
  EXPECT_EQ(ask_by(setting), own_digest);
  ASSERT_TRUE(http.requests()[0].tls);
  EXPECT_FALSE(http.requests()[0].tls->verify);
  EXPECT_EQ(http.requests()[0].tls->authorities.at(0).file, "/corp.pem");
  // A mirror that the configuration knows as a registry is trusted as that.
  client_.reset();
  options.hosts["m.corp:5000"].ca_file = "/known.pem";
  EXPECT_EQ(ask_by(mirror()), own_digest);
  EXPECT_EQ(http.requests()[1].tls->authorities.at(0).file, "/known.pem");
}

TEST_F(ClientRoutes, RulesHoldForTheNameForRedirectsRealmsAndMirrors) {
  options.deny = {"*.denied.org", "m.corp", "r.example/secret/*"};
  EXPECT_EQ(ask("x.denied.org/a:1"), "denied");
  EXPECT_EQ(ask("r.example/secret/a:1"), "denied");
  EXPECT_EQ(ask_by(mirror()), "denied");
  EXPECT_THAT(last.error().message,
              HasSubstr("mirror of r.example: m.corp:5000 is not allowed: \"m.corp\" in registry.deny"));
  EXPECT_EQ(ask_by(mirror("https://fine.corp"), "x.denied.org/a:1"), "denied") << "the user named a denied registry";
  EXPECT_TRUE(http.requests().empty());

  http.reply(head_line, respond(307, {{"Location", "https://cdn.denied.org/v2/a/manifests/1"}}));
  EXPECT_EQ(ask(), "denied");
  EXPECT_THAT(last.error().message, HasSubstr("registry.deny"));
  http.forget(head_line);
  http.reply(head_line, challenged(R"(Bearer realm="https://auth.denied.org/token")"));
  EXPECT_EQ(ask("r.example/acme/api:v1", user()), "denied");
  EXPECT_THAT(http.lines(), ElementsAre(head_line, head_line));
}

TEST_F(ClientRoutes, AllowIsForTheNameThatTheUserWrote) {
  options.allow = {"r.example/acme/*"};
  http.reply(head_line, challenged());
  http.reply(head_line, manifest_head());
  http.reply(token_line, token_reply("T1"));
  EXPECT_EQ(ask(), own_digest) << "its realm need not be listed";
  EXPECT_EQ(ask("r.example/other/api:v1"), "denied");
  EXPECT_THAT(last.error().message, HasSubstr("registry.allow"));
}

TEST_F(ClientRoutes, ABrokenRuleMakesEveryLookUpFail) {
  options.deny = {"https://denied.org"};
  EXPECT_EQ(ask(), "invalid_input");
  EXPECT_THAT(last.error().message, HasSubstr("registry.deny: "));
  EXPECT_TRUE(http.requests().empty());
}

}  // namespace
}  // namespace pinhook::registry
