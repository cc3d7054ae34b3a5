#include "support/certificates.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/gather.hpp"
#include "support/run.hpp"
#include "support/token_server.hpp"

#include <pinhook/cloud/ecr_credentials.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace pinhook::cloud {
namespace {

using namespace std::chrono_literals;
using testing::respond;
using credentials = result<std::vector<registry::credential>>;

registry::reference ref(std::string_view text) { return registry::reference::parse(text).value(); }

constexpr const char* image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app:1";
constexpr const char* api = "POST https://api.ecr.eu-central-1.amazonaws.com/";
constexpr const char* public_api = "POST https://api.ecr-public.us-east-1.amazonaws.com/";
constexpr const char* sts = "POST https://sts.eu-central-1.amazonaws.com/";
constexpr const char* imds = "http://127.0.0.1:1338";

struct EcrCredentials : ::testing::Test {
  testing::fake_clock time;
  asio::io_context io{1};
  testing::fake_http_client web{time};    // STS and ECR
  testing::fake_http_client local{time};  // agents and the metadata service
  testing::temporary_directory folder;
  const environment keys{{"AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"}, {"AWS_SECRET_ACCESS_KEY", "secret-key"}};
  const environment instance{{"AWS_EC2_METADATA_SERVICE_ENDPOINT", imds}};
  environment web_identity;
  environment pod_identity;

  void SetUp() override {
    web_identity = {{"AWS_WEB_IDENTITY_TOKEN_FILE", folder.write("token", "hunter2").string()},
                    {"AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pinhook"}};
    pod_identity = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:80/v1/credentials"},
                    {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", folder.write("pod-token", "hunter2").string()}};
  }

  std::shared_ptr<ecr_credentials> make(const environment& env) {
    return std::make_shared<ecr_credentials>(web, local, io.get_executor(), time, env);
  }
  credentials ask(ecr_credentials& from, const char* what = image) {
    return testing::run_on(io, from.credentials_for(ref(what), deadline::after(time.now(), 10s)));
  }
  // The password, or the error's message, in which no secret may stand.
  std::string asked(ecr_credentials& from, const char* what = image) {
    const auto got = ask(from, what);
    if (got) return got->empty() ? "none" : got->front().secret.reveal();
    for (const char* text : {"hunter2", "secret-key", "session-token", "imds-token", "hunter3"})
      EXPECT_EQ(got.error().message.find(text), std::string::npos) << got.error().message;
    EXPECT_TRUE(got.error().message.starts_with("Amazon ECR: ")) << got.error().message;
    return got.error().message;
  }
  // Lets renewals behind the answers run.
  void settle() {
    io.restart();
    io.poll();
  }

  std::string utc(std::chrono::seconds from_now) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time.wall() + from_now)));
  }
  http::response password(const std::string& text, std::chrono::seconds life = 12h) {
    const auto ends = std::chrono::duration_cast<std::chrono::seconds>((time.wall() + life).time_since_epoch()).count();
    return respond(200, {},
                   fmt::format(R"({{"authorizationData":[{{"authorizationToken":"{}","expiresAt":{}.5}}]}})",
                               testing::base64("AWS:" + text), ends));
  }
  http::response public_password(const std::string& text) {
    return respond(200, {},
                   fmt::format(R"({{"authorizationData":{{"authorizationToken":"{}","expiresAt":1.7672688E9}}}})",
                               testing::base64("AWS:" + text)));
  }
  http::response sts_keys(std::chrono::seconds life = 1h) {
    return respond(200, {},
                   fmt::format("<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
                               "<AccessKeyId>ASIAWEB</AccessKeyId><SecretAccessKey>secret-key</SecretAccessKey>"
                               "<SessionToken>session-token</SessionToken><Expiration>{}</Expiration></Credentials>"
                               "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
                               utc(life)));
  }
  http::response agent_keys(std::chrono::seconds life = 1h) {
    return respond(200, {},
                   fmt::format(R"({{"Code":"Success","AccessKeyId":"ASIAPOD","SecretAccessKey":"secret-key",)"
                               R"("Token":"session-token","Expiration":"{}"}})",
                               utc(life)));
  }
  void script_instance() {
    local.reply(fmt::format("PUT {}/latest/api/token", imds), respond(200, {}, "imds-token"));
    const std::string roles = fmt::format("GET {}/latest/meta-data/iam/security-credentials/", imds);
    local.reply(roles, respond(200, {}, "node"));
    local.answer(roles + "node", [this](const http::request&) { return agent_keys(); });
  }
};

TEST_F(EcrCredentials, HasNothingForOtherRegistries) {
  const auto source = make(keys);
  for (const char* other : {"nginx", "ghcr.io/a/b", "123456789012.dkr.ecr.eu-central-1.amazonaws.com:443/a",
                            "123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example/a"}) {
    EXPECT_EQ(asked(*source, other), "none");
    EXPECT_EQ(source->identity_for(ref(other)), "anonymous");
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
  EXPECT_EQ(one.username, "AWS");
  EXPECT_EQ(one.secret.reveal(), "p1");
  EXPECT_EQ(one.source, "Amazon ECR (keys of the environment)");
  EXPECT_EQ(one.identity, source->identity_for(ref(image)));
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

TEST_F(EcrCredentials, StsIsTheRegistrysRegionsWithoutAnother) {
  web.answer("POST https://sts.eu-west-1.amazonaws.com/", [this](const http::request&) { return sts_keys(); });
  web.reply("POST https://api.ecr.eu-west-1.amazonaws.com/", password("west"));
  EXPECT_EQ(asked(*make(web_identity), "123456789012.dkr.ecr.eu-west-1.amazonaws.com/x"), "west");
  web_identity.emplace("AWS_DEFAULT_REGION", "evil.example/");
  EXPECT_EQ(asked(*make(web_identity)), R"(Amazon ECR: AWS_DEFAULT_REGION is "evil.example/", which is no region)");
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

// --- Failures at each step. The steps are numbered over the client that is asked.

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

TEST_F(EcrCredentials, EveryFailureOfEveryStepNamesIt) {
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
      const std::string said = asked(source);
      EXPECT_TRUE(said.starts_with(std::string("Amazon ECR: ") + at.begins)) << one.name << ": " << said;
      EXPECT_EQ((at.is_local ? fresh_local : fresh_web).requests().size(), at.n) << "nothing is asked after it";
    }
  }
}

TEST_F(EcrCredentials, KeysThatHaveEndedAreNotUsed) {
  web.answer(sts, [this](const http::request&) { return sts_keys(0s); });
  EXPECT_EQ(asked(*make(web_identity)),
            "Amazon ECR: web identity role/pinhook: the keys given have already ended; is the clock right?");
  local.answer("GET http://127.0.0.1:80/v1/credentials", [this](const http::request&) { return agent_keys(-1h); });
  EXPECT_EQ(asked(*make(pod_identity)),
            "Amazon ECR: container credentials: the keys given have already ended; is the clock right?");
  EXPECT_EQ(web.requests().size(), 1U);
}

TEST_F(EcrCredentials, ATokenFileThatIsNotThereIsAnErrorAndNobodyElseIsAsked) {
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

TEST_F(EcrCredentials, ASettingThatIsHalfIsAnErrorWithoutARequest) {
  EXPECT_EQ(asked(*make({{"AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"}})),
            "Amazon ECR: AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not");
  EXPECT_TRUE(asked(*make({{"AWS_EC2_METADATA_DISABLED", "true"}})).starts_with("Amazon ECR: no AWS identity: "));
}

TEST_F(EcrCredentials, AHangingMetadataServiceTakesASecondAndNoMore) {
  local.hang_at(1);
  const auto source = make(instance);
  const auto before = time.now();
  EXPECT_EQ(asked(*source),
            "Amazon ECR: instance metadata: session token: no answer in time (no other AWS identity is configured; off "
            "EC2 there is none, and in a Pod the instance's metadata hop limit must be 2)");
  EXPECT_EQ(time.now() - before, 1s);
  // Nobody waits for it again for a while.
  time.advance(30s);
  EXPECT_NE(asked(*source).find("no answer in time"), std::string::npos);
  EXPECT_EQ(local.requests().size(), 1U);
  script_instance();
  web.reply(api, password("p1"));
  time.advance(31s);
  EXPECT_EQ(asked(*source), "p1");
}

TEST_F(EcrCredentials, OtherFailuresAreTriedAgainSoon) {
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
