#include "support/ecr_world.hpp"

#include <pinhook/cloud/ecr_credentials.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace pinhook::cloud {
namespace {

using namespace std::chrono_literals;
using testing::api, testing::imds, testing::respond, testing::sts;

struct EcrFailures : testing::ecr_world {};

// The steps are numbered over the client that is asked.

struct failing {
  const char* name;
  result<http::response> outcome;
};
// `sent`: a secret of the request, which the refusal repeats.
std::vector<failing> failures(const std::string& sent) {
  return {{"slow", fail(error_code::timed_out, "no answer in time")},
          {"reset", fail(error_code::unavailable, "connection reset")},
          {"denied", respond(403, {}, R"({"code":"AccessDenied","message":"not )" + sent + R"("})")},
          {"broken", respond(500, {}, "hunter2 hunter3")},
          {"moved", respond(302, {{"Location", "https://evil.example/"}})},
          {"malformed", respond(200, {}, "{\"hunter2 ")},
          {"empty", respond(200)},
          {"huge", fail(error_code::malformed, "more than 65536 bytes")}};
}

TEST_F(EcrFailures, EveryFailureOfEveryStepNamesIt) {
  struct step {
    const environment& env;
    bool is_local;
    std::size_t n;
    const char* begins;
    const char* sent;
  };
  for (const step& at :
       {step{keys, false, 1, "GetAuthorizationToken of api.ecr.eu-central-1.amazonaws.com as keys", "secret-key"},
        {web_identity, false, 1, "STS AssumeRoleWithWebIdentity for \"arn:aws:iam::123456789012", "nothing"},
        {web_identity, false, 2, "GetAuthorizationToken of api.ecr.eu-central-1.amazonaws.com as web", "session-token"},
        {pod_identity, true, 1, "container credentials: ", "hunter2"},
        {instance, true, 1, "instance metadata: session token: ", "nothing"},
        {instance, true, 2, "instance metadata: role name: ", "imds-token"},
        {instance, true, 3, "instance metadata: ", "imds-token"}}) {
    for (const auto& one : failures(at.sent)) {
      testing::fake_http_client fresh_web(time);
      testing::fake_http_client fresh_local(time);
      fresh_web.answer(sts, [this](const http::request&) { return sts_keys(); });
      fresh_web.answer(api, [this](const http::request&) { return password("p"); });
      fresh_local.answer("GET http://127.0.0.1:80/v1/credentials",
                         [this](const http::request&) { return agent_keys(); });
      fresh_local.reply(fmt::format("PUT {}/latest/api/token", imds), respond(200, {}, "imds-token"));
      const std::string roles = fmt::format("GET {}/latest/meta-data/iam/security-credentials/", imds);
      fresh_local.reply(roles, respond(200, {}, "node"));
      fresh_local.answer(roles + "node", [this](const http::request&) { return agent_keys(); });
      (at.is_local ? fresh_local : fresh_web).fail_at(at.n, one.outcome);
      ecr_credentials source(fresh_web, fresh_local, io.get_executor(), time, at.env);
      const std::string message = asked(source);
      EXPECT_TRUE(message.starts_with(std::string("Amazon ECR: ") + at.begins)) << one.name << ": " << message;
      EXPECT_EQ((at.is_local ? fresh_local : fresh_web).requests().size(), at.n) << "nothing is asked after it";
    }
  }
}

TEST_F(EcrFailures, KeysThatHaveEndedAreNotUsed) {
  web.answer(sts, [this](const http::request&) { return sts_keys(0s); });
  EXPECT_EQ(asked(*make(web_identity)),
            "Amazon ECR: web identity role/pinhook: the keys given have already ended; is the clock right?");
  local.answer("GET http://127.0.0.1:80/v1/credentials", [this](const http::request&) { return agent_keys(-1h); });
  EXPECT_EQ(asked(*make(pod_identity)),
            "Amazon ECR: container credentials: the keys given have already ended; is the clock right?");
  EXPECT_EQ(web.requests().size(), 1U);
}

TEST_F(EcrFailures, ATokenFileThatIsNotThereIsAnErrorAndNobodyElseIsAsked) {
  const auto missing = [&](environment env, const char* name) {
    env.insert_or_assign(name, (folder.path() / "missing").string());
    return asked(*make(env));
  };
  const std::string file = (folder.path() / "missing").string();
  EXPECT_TRUE(missing(web_identity, "AWS_WEB_IDENTITY_TOKEN_FILE")
                  .starts_with("Amazon ECR: web identity token (AWS_WEB_IDENTITY_TOKEN_FILE): cannot read " + file));
  EXPECT_TRUE(missing(pod_identity, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
                  .starts_with("Amazon ECR: container credentials: token (AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE): "
                               "cannot read " +
                               file));
  folder.write("token", std::string(max_aws_token_file + 1, 'a'));
  EXPECT_TRUE(asked(*make(web_identity)).starts_with("Amazon ECR: web identity token (AWS_WEB_IDENTITY_TOKEN_FILE): "));
  web_identity.insert_or_assign("AWS_WEB_IDENTITY_TOKEN_FILE", folder.path().string());
  EXPECT_TRUE(asked(*make(web_identity)).starts_with("Amazon ECR: web identity token (AWS_WEB_IDENTITY_TOKEN_FILE): "));
  EXPECT_TRUE(web.requests().empty());
  EXPECT_TRUE(local.requests().empty());
}

TEST_F(EcrFailures, ASettingThatIsHalfIsAnErrorWithoutARequest) {
  EXPECT_EQ(asked(*make({{"AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"}})),
            "Amazon ECR: AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not");
  EXPECT_TRUE(asked(*make({{"AWS_EC2_METADATA_DISABLED", "true"}})).starts_with("Amazon ECR: no AWS identity: "));
}

TEST_F(EcrFailures, AHangingMetadataServiceTakesASecondAndNoMore) {
  local.hang_at(1);
  const auto source = make(instance);
  const auto before = time.now();
  EXPECT_EQ(asked(*source),
            "Amazon ECR: instance metadata: session token: no answer in time (no other AWS identity is configured; off "
            "EC2 there is none, and in a Pod the instance's metadata hop limit must be 2)");
  EXPECT_EQ(time.now() - before, 1s);
  // No look-up waits for it again for a while.
  time.advance(30s);
  EXPECT_NE(asked(*source).find("no answer in time"), std::string::npos);
  EXPECT_EQ(local.requests().size(), 1U);
  script_instance();
  web.reply(api, password("p1"));
  time.advance(31s);
  EXPECT_EQ(asked(*source), "p1");
}

TEST_F(EcrFailures, OtherFailuresAreTriedAgainSoon) {
  web.reply(sts, respond(503));
  web.answer(sts, [this](const http::request&) { return sts_keys(); });
  web.reply(api, password("p1"));
  const auto source = make(web_identity);
  EXPECT_NE(asked(*source).find("HTTP 503"), std::string::npos);
  EXPECT_NE(asked(*source).find("HTTP 503"), std::string::npos);
  EXPECT_EQ(web.requests().size(), 1U);
  time.advance(6s);
  EXPECT_EQ(asked(*source), "p1");
}

}  // namespace
}  // namespace pinhook::cloud
