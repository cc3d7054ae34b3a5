#include <pinhook/cloud/ecr_credentials.hpp>

#include "support/ecr_world.hpp"
#include "support/gather.hpp"
#include "support/hanging_file.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace pinhook::cloud {
namespace {

using namespace std::chrono_literals;
using testing::api, testing::image, testing::imds, testing::public_api, testing::ref, testing::respond, testing::sts;
using credentials = result<std::vector<registry::credential>>;

struct EcrCredentials : testing::ecr_world {};

TEST_F(EcrCredentials, HasNothingForOtherRegistries) {
  const auto source = make(keys);
  for (const char* other : {"nginx", "ghcr.io/a/b", "123456789012.dkr.ecr.eu-central-1.amazonaws.com:443/a",
                            "123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example/a"}) {
    EXPECT_EQ(asked(*source, other), "none");
    EXPECT_EQ(source->identity_for(ref(other)), "anonymous");
    EXPECT_FALSE(source->may_apply_to(ref(other)));
    EXPECT_TRUE(source->matches(ref(other)).empty());
    EXPECT_FALSE(source->forget(ref(other)));
  }
  EXPECT_TRUE(web.requests().empty());
  EXPECT_TRUE(local.requests().empty());
}

TEST_F(EcrCredentials, GivesAPasswordWithTheKeysOfTheEnvironment) {
  web.reply(api, password("p1"));
  const auto source = make(keys);
  const auto got = ask(*source);
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->size(), 1U);
  const auto& one = got->front();
  EXPECT_EQ(one.kind, registry::credential_kind::basic);
  EXPECT_TRUE(one.cloud_minted);
  EXPECT_EQ(one.username, "AWS");
  EXPECT_EQ(one.secret.reveal(), "p1");
  EXPECT_EQ(one.source, "Amazon ECR (keys of the environment)");
  EXPECT_EQ(one.identity, source->identity_for(ref(image)));
  EXPECT_TRUE(source->may_apply_to(ref(image)));
  ASSERT_EQ(web.requests().size(), 1U);
  EXPECT_EQ(web.requests()[0].sign->access_key_id, "AKIAEXAMPLE");
  EXPECT_TRUE(local.requests().empty());
}

TEST_F(EcrCredentials, SaysWhatItMatches) {
  const auto source = make({});
  const auto match = source->matches(ref(image));
  ASSERT_EQ(match.size(), 1U);
  EXPECT_EQ(match[0].source, "Amazon ECR");
  EXPECT_EQ(match[0].pattern, "private registry of account 123456789012 in eu-central-1");
  EXPECT_EQ(source->matches(ref("public.ecr.aws/a/b")).at(0).pattern, "public registries");
}

TEST_F(EcrCredentials, IdentityIsThatOfThePassword) {
  const auto source = make(keys);
  const auto own = source->identity_for(ref(image));
  EXPECT_NE(own, "anonymous");
  EXPECT_EQ(own, source->identity_for(ref("999999999999.dkr.ecr.eu-central-1.amazonaws.com/x")));
  EXPECT_NE(own, source->identity_for(ref("123456789012.dkr.ecr.eu-west-1.amazonaws.com/x")));
  EXPECT_NE(own, source->identity_for(ref("public.ecr.aws/a/b")));
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      for (int n = 0; n < 200; ++n) EXPECT_EQ(source->identity_for(ref(image)), own);
    });
  for (auto& one : readers) one.join();
}

TEST_F(EcrCredentials, OnePasswordServesEveryAccountOfARegion) {
  web.reply(api, password("p1"));
  web.reply("POST https://api.ecr.eu-west-1.amazonaws.com/", password("west"));
  const auto source = make(keys);
  EXPECT_EQ(asked(*source), "p1");
  EXPECT_EQ(asked(*source, "999999999999.dkr.ecr.eu-central-1.amazonaws.com/x"), "p1");
  EXPECT_EQ(asked(*source, "123456789012.dkr.ecr.eu-west-1.amazonaws.com/x"), "west");
  EXPECT_EQ(web.requests().size(), 2U);
  EXPECT_EQ(web.requests()[1].sign->region, "eu-west-1");
}

TEST_F(EcrCredentials, PublicRegistriesHaveTheirOwnApi) {
  web.reply(public_api, public_password("open"));
  const auto source = make(keys);
  EXPECT_EQ(asked(*source, "public.ecr.aws/a/b"), "open");
  EXPECT_EQ(web.requests().at(0).sign->service, "ecr-public");
}

TEST_F(EcrCredentials, WebIdentityReadsTheTokenAnewAndRenewsTheKeys) {
  web.answer(sts, [this](const http::request&) { return sts_keys(); });
  web.reply(api, password("p1"));
  web.reply("POST https://api.ecr.eu-west-1.amazonaws.com/", password("west"));
  web_identity.emplace("AWS_REGION", "eu-central-1");
  const auto source = make(web_identity);
  EXPECT_EQ(ask(*source)->front().source, "Amazon ECR (web identity role/pinhook)");
  EXPECT_EQ(asked(*source, "123456789012.dkr.ecr.eu-west-1.amazonaws.com/x"), "west");
  EXPECT_EQ(web.lines(), (std::vector<std::string>{sts, api, "POST https://api.ecr.eu-west-1.amazonaws.com/"}))
      << "the keys are held";
  EXPECT_EQ(web.requests()[1].sign->session_token.reveal(), "session-token");

  // Less than five minutes before the keys end: the old ones serve, new ones are fetched beside.
  folder.write("token", "hunter3");
  time.advance(56min);
  static_cast<void>(source->forget(ref(image)));
  web.clear_requests();
  EXPECT_EQ(asked(*source), "p1");
  settle();
  EXPECT_EQ(web.lines().size(), 2U);
  std::string form;
  for (const auto& r : web.requests())
    if (r.url.find("sts.") != std::string::npos) form = r.body->reveal();
  EXPECT_NE(form.find("WebIdentityToken=hunter3"), std::string::npos);
}

TEST_F(EcrCredentials, ATokenFileThatHangsHoldsNobodyUp) {
  testing::hanging_file hangs;
  web_identity["AWS_WEB_IDENTITY_TOKEN_FILE"] = hangs.path();
  const auto source = make(web_identity);
  const auto got = testing::run_on(io, source->credentials_for(ref(image), deadline::after(time.now(), 20ms)));
  // The clock of the test does not move, so it is not called late.
  ASSERT_FALSE(got);
  EXPECT_EQ(side_threads(), 1U) << "the read is left behind";
}

TEST_F(EcrCredentials, StsIsTheRegistrysRegionsWithoutAnother) {
  web.answer("POST https://sts.eu-west-1.amazonaws.com/", [this](const http::request&) { return sts_keys(); });
  web.reply("POST https://api.ecr.eu-west-1.amazonaws.com/", password("west"));
  EXPECT_EQ(asked(*make(web_identity), "123456789012.dkr.ecr.eu-west-1.amazonaws.com/x"), "west");
  web_identity.emplace("AWS_DEFAULT_REGION", "evil.example/");
  EXPECT_EQ(asked(*make(web_identity)), R"(Amazon ECR: AWS_DEFAULT_REGION is "evil.example/", which is not a region)");
}

TEST_F(EcrCredentials, AgentsAreAskedDirectly) {
  local.answer("GET http://127.0.0.1:80/v1/credentials", [this](const http::request&) { return agent_keys(); });
  web.reply(api, password("p1"));
  const auto source = make(pod_identity);
  EXPECT_EQ(ask(*source)->front().source, "Amazon ECR (container credentials)");
  EXPECT_EQ(local.requests().at(0).authorization->reveal(), "hunter2");
  EXPECT_EQ(web.requests().at(0).sign->access_key_id, "ASIAPOD");
}

TEST_F(EcrCredentials, TheInstanceIsAskedDirectly) {
  script_instance();
  web.reply(api, password("p1"));
  const auto source = make(instance);
  EXPECT_EQ(ask(*source)->front().source, "Amazon ECR (instance role node)");
  EXPECT_EQ(local.lines(),
            (std::vector<std::string>{fmt::format("PUT {}/latest/api/token", imds),
                                      fmt::format("GET {}/latest/meta-data/iam/security-credentials/", imds),
                                      fmt::format("GET {}/latest/meta-data/iam/security-credentials/node", imds)}));
  EXPECT_EQ(web.requests().size(), 1U);
}

// --- Time.

TEST_F(EcrCredentials, APasswordIsRenewedAfterHalfItsLife) {
  web.answer(api, [this](const http::request&) { return password("p1"); });
  web.answer(api, [this](const http::request&) { return password("p2"); });
  const auto source = make(keys);
  EXPECT_EQ(asked(*source), "p1");
  time.advance(5h + 59min);
  EXPECT_EQ(asked(*source), "p1");
  settle();
  EXPECT_EQ(web.requests().size(), 1U);
  time.advance(1min);
  EXPECT_EQ(asked(*source), "p1") << "the old one serves while the new one is fetched";
  settle();
  EXPECT_EQ(web.requests().size(), 2U);
  EXPECT_EQ(asked(*source), "p2");
  EXPECT_EQ(web.requests().size(), 2U);
}

TEST_F(EcrCredentials, AFailedRenewalLeavesTheOldPassword) {
  web.answer(api, [this](const http::request&) { return password("p1"); });
  web.reply(api, respond(500));
  const auto source = make(keys);
  EXPECT_EQ(asked(*source), "p1");
  time.advance(7h);
  EXPECT_EQ(asked(*source), "p1");
  settle();
  time.advance(4h);
  EXPECT_EQ(asked(*source), "p1");
  settle();
  time.advance(1h);
  EXPECT_TRUE(
      asked(*source).starts_with("Amazon ECR: GetAuthorizationToken of api.ecr.eu-central-1.amazonaws.com as "
                                 "keys of the environment: HTTP 500"));
}

TEST_F(EcrCredentials, APasswordWithoutAnEndIsHeldForAWhile) {
  web.reply(api, respond(200, {},
                         fmt::format(R"({{"authorizationData":[{{"authorizationToken":"{}"}}]}})",
                                     testing::base64("AWS:p1"))));
  const auto source = make(keys);
  EXPECT_EQ(asked(*source), "p1");
  time.advance(14min);
  EXPECT_EQ(asked(*source), "p1");
  settle();
  EXPECT_EQ(web.requests().size(), 1U);
  time.advance(1min);
  EXPECT_EQ(asked(*source), "p1");
  settle();
  EXPECT_EQ(web.requests().size(), 2U);
}

// The services' clock is three hours ahead of ours: what they give for an hour is not held for four.
TEST_F(EcrCredentials, AClockThatIsBehindKeepsNothingBeyondItsEnd) {
  web.answer(sts, [this](const http::request&) { return dated(sts_keys(4h), 3h); });
  web.answer(api, [this](const http::request&) { return dated(password("p1", 4h), 3h); });
  web.answer(api, [](const http::request&) { return respond(500); });
  const auto source = make(web_identity);
  EXPECT_EQ(asked(*source), "p1");
  time.advance(58min);
  EXPECT_EQ(asked(*source), "p1");
  settle();
  time.advance(2min);
  EXPECT_THAT(asked(*source), ::testing::HasSubstr("HTTP 500"));
  EXPECT_EQ(std::ranges::count(web.lines(), sts), 2) << "nor are the keys";
}

// Services that give no date.
TEST_F(EcrCredentials, NothingIsHeldForMoreThanTwelveHours) {
  web.answer(sts, [this](const http::request&) { return sts_keys(24h * 400); });
  web.answer(api, [this](const http::request&) { return password("p1", 24h * 400); });
  web.answer(api, [](const http::request&) { return respond(500); });
  const auto source = make(web_identity);
  EXPECT_EQ(asked(*source), "p1");
  time.advance(11h + 58min);
  EXPECT_EQ(asked(*source), "p1");
  settle();
  time.advance(2min);
  EXPECT_THAT(asked(*source), ::testing::HasSubstr("HTTP 500"));
  EXPECT_EQ(std::ranges::count(web.lines(), sts), 2);
}

TEST_F(EcrCredentials, ForgettingAsksOnceMore) {
  web.reply(api, password("p1"));
  web.reply(api, password("p2"));
  const auto source = make(keys);
  EXPECT_FALSE(source->forget(ref(image))) << "nothing is held yet";
  EXPECT_EQ(asked(*source), "p1");
  EXPECT_TRUE(source->forget(ref("999999999999.dkr.ecr.eu-central-1.amazonaws.com/x")));
  EXPECT_FALSE(source->forget(ref(image)));
  EXPECT_EQ(asked(*source), "p2");
}

TEST_F(EcrCredentials, ManyWhoAskAtOnceAskOnce) {
  script_instance();
  web.reply(api, password("p1"));
  const auto source = make(instance);
  std::vector<awaitable<credentials>> all;
  for (int i = 0; i < 20; ++i) all.push_back(source->credentials_for(ref(image), deadline::after(time.now(), 10s)));
  for (const auto& got : testing::gather(io, std::move(all))) EXPECT_EQ(got->front().secret.reveal(), "p1");
  EXPECT_EQ(web.requests().size(), 1U);
  EXPECT_EQ(local.requests().size(), 3U);
}

// --- Keys that ended early.

TEST_F(EcrCredentials, KeysThatAreRefusedAreFetchedAnewOnce) {
  script_instance();
  web.reply(api, password("p1"));
  web.reply(api, respond(400, {}, R"({"__type":"ExpiredTokenException","message":"The security token is expired"})"));
  web.reply(api, password("p2"));
  const auto source = make(instance);
  EXPECT_EQ(asked(*source), "p1");
  static_cast<void>(source->forget(ref(image)));
  EXPECT_EQ(asked(*source), "p2");
  EXPECT_EQ(local.requests().size(), 6U);
  EXPECT_EQ(web.requests().size(), 3U);
}

TEST_F(EcrCredentials, NewKeysThatAreRefusedAreNotFetchedAgain) {
  script_instance();
  web.reply(api, respond(403, {}, R"({"__type":"UnrecognizedClientException","message":"invalid"})"));
  EXPECT_EQ(asked(*make(instance)),
            "Amazon ECR: GetAuthorizationToken of api.ecr.eu-central-1.amazonaws.com as instance role node: HTTP 403 "
            "UnrecognizedClientException: \"invalid\"");
  EXPECT_EQ(local.requests().size(), 3U);
  EXPECT_EQ(web.requests().size(), 1U);
}

TEST_F(EcrCredentials, MayGoWhileAFetchIsUnderWay) {
  script_instance();
  web.reply(api, password("p1"));
  auto source = make(instance);
  auto waiting = source->credentials_for(ref(image), deadline::after(time.now(), 10s));
  asio::co_spawn(io, std::move(waiting), [](const std::exception_ptr&, const credentials&) {});
  io.poll_one();
  io.poll_one();
  source.reset();
  settle();
  EXPECT_TRUE(web.requests().empty());
}

}  // namespace
}  // namespace pinhook::cloud
