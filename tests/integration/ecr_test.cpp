// Credentials for Amazon ECR over the real HTTP client: STS, ECR's API and registries are TLS servers on loopback
// behind their own names; agents and the metadata service are plain ones. Signatures are recomputed from the received
// request.
#include "support/certificates.hpp"
#include "support/registry_world.hpp"
#include "support/sigv4_check.hpp"
#include "support/token_server.hpp"

#include <pinhook/cloud/ecr_credentials.hpp>
#include <pinhook/http/curl_client.hpp>

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <memory>
#include <string>

namespace pinhook {
namespace {

using namespace std::chrono_literals;
using testing::behaviour;
using testing::recorded_request;
using testing::reply;

constexpr const char* private_host = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
constexpr const char* image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app:1";
constexpr const char* api_host = "api.ecr.eu-central-1.amazonaws.com";
constexpr const char* public_api_host = "api.ecr-public.us-east-1.amazonaws.com";
constexpr const char* sts_host = "sts.eu-central-1.amazonaws.com";
constexpr const char* secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr const char* session_token = "FwoGZXIvYXdzEBYaDH+session/token==";

http::curl_client_options local_options() {
  http::curl_client_options o;
  o.guards_addresses = false;
  return o;
}

class Ecr : public testing::registry_world {
 protected:
  http::curl_client local{io, local_options()};
  testing::temporary_directory folder;
  testing::scripted_server agent;  // plain HTTP, as agents are

  environment web_identity() {
    return {{"AWS_WEB_IDENTITY_TOKEN_FILE", folder.write("token", "header.claims.hunter2").string()},
            {"AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pinhook"}};
  }
  environment pod_identity() {
    return {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url("/v1/credentials")},
            {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", folder.write("pod-token", "raw.hunter2").string()}};
  }
  environment instance() { return {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", agent.url("")}}; }

  std::string utc(std::chrono::seconds from_now) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time.wall() + from_now)));
  }
  reply sts_keys() {
    return {
        .headers = {{"Content-Type", "text/xml"}},
        .body = fmt::format("<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
                            "\n  <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId>"
                            "<SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken>"
                            "<Expiration>{}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
                            "</AssumeRoleWithWebIdentityResponse>",
                            secret_key, session_token, utc(1h))};
  }
  reply agent_keys() {
    return {
        .headers = {{"Content-Type", "application/json"}},
        .body = fmt::format(
            R"({{"Code":"Success","AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"{}","Token":"{}","Expiration":"{}"}})",
            secret_key, session_token, utc(1h))};
  }
  reply password(const std::string& text, bool is_public = false) {
    const auto ends = std::chrono::duration_cast<std::chrono::seconds>((time.wall() + 12h).time_since_epoch()).count();
    const std::string one =
        fmt::format(R"({{"authorizationToken":"{}","expiresAt":{}.123}})", testing::base64("AWS:" + text), ends);
    return {.headers = {{"Content-Type", "application/x-amz-json-1.1"}},
            .body = R"({"authorizationData":)" + (is_public ? one : "[" + one + "]") + "}"};
  }
  // The API of AWS: a request with an invalid signature gets no password.
  void serve_api(const std::string& host, const reply& good) {
    net.at(host).handle("POST", "/", [good](const recorded_request& r) {
      const auto fault = testing::sigv4_fault(r, secret_key);
      if (!fault) return good;
      return reply{.status = 403, .body = R"({"__type":"InvalidSignatureException","message":")" + *fault + "\"}"};
    });
  }
  void serve_instance() {
    agent.on("PUT", "/latest/api/token", {.body = "imds-token=="});
    agent.on("GET", "/latest/meta-data/iam/security-credentials/", {.body = "node-role"});
    agent.on("GET", "/latest/meta-data/iam/security-credentials/node-role", agent_keys());
  }
  void protect_registry(const std::string& words) {
    for (const char* method : {"HEAD", "GET"})
      net.at(private_host).handle(method, "/v2/team/app/manifests/1", [words](const recorded_request& r) {
        return r.header("Authorization") == "Basic " + testing::base64("AWS:" + words)
                   ? testing::manifest_reply()
                   : testing::refusal(403, "DENIED", "Your authorization token has expired.");
      });
  }

  std::shared_ptr<cloud::ecr_credentials> make(environment env, cloud::ecr_options o = {}) {
    return std::make_shared<cloud::ecr_credentials>(net, local, io.get_executor(), time, std::move(env), o);
  }
  result<std::vector<registry::credential>> ask(cloud::ecr_credentials& source, const char* reference = image) {
    auto got = testing::run_on(
        io, source.credentials_for(registry::reference::parse(reference).value(), deadline::after(time.now(), 20s)));
    if (!got) {
      for (const char* text : {"hunter2", secret_key, session_token, "imds-token"})
        EXPECT_EQ(got.error().message.find(text), std::string::npos) << got.error().message;
    }
    return got;
  }
  std::string failure_of(cloud::ecr_credentials& source) {
    const auto got = ask(source);
    EXPECT_FALSE(got);
    return got ? "" : got.error().message;
  }
  void expect_signed(const recorded_request& r, const std::string& region, const std::string& service) {
    EXPECT_EQ(testing::sigv4_fault(r, secret_key), std::nullopt);
    const auto claim = testing::sigv4_claim_of(r);
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->access_key_id, "ASIAEXAMPLE");
    EXPECT_EQ(claim->region, region);
    EXPECT_EQ(claim->service, service);
    EXPECT_EQ(r.header("X-Amz-Security-Token"), session_token);
    EXPECT_EQ(r.header("Content-Type"), "application/x-amz-json-1.1");
    EXPECT_EQ(r.body, "{}");
    EXPECT_EQ(r.target, "/");
  }
};

TEST_F(Ecr, AWebIdentityOpensAPrivateRegistry) {
  net.at(sts_host).on("POST", "/", sts_keys());
  serve_api(api_host, password("p1"));
  protect_registry("p1");
  const auto source = make(web_identity());
  const auto got = ask(*source);
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->size(), 1U);
  EXPECT_EQ(digest_of(image, got->front()), testing::digest());

  const auto sts = net.at(sts_host).requests();
  ASSERT_EQ(sts.size(), 1U);
  EXPECT_EQ(sts[0].method, "POST");
  EXPECT_EQ(sts[0].header("Host"), sts_host);
  EXPECT_EQ(sts[0].header("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_FALSE(sts[0].has_header("Authorization")) << "it is not signed";
  EXPECT_EQ(sts[0].body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2F"
            "pinhook&RoleSessionName=pinhook&WebIdentityToken=header.claims.hunter2");
  const auto ecr = net.at(api_host).requests();
  ASSERT_EQ(ecr.size(), 1U);
  expect_signed(ecr[0], "eu-central-1", "ecr");
  EXPECT_EQ(ecr[0].header("X-Amz-Target"), "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
  // The registry sees Basic at once: no request without it, and none with anything else.
  for (const auto& r : net.at(private_host).requests())
    EXPECT_EQ(r.header("Authorization"), "Basic " + testing::base64("AWS:p1"));
  EXPECT_TRUE(agent.requests().empty());
}

TEST_F(Ecr, APasswordThatIsRefusedIsAskedForOnceMore) {
  net.at(sts_host).on("POST", "/", sts_keys());
  net.at(api_host).on("POST", "/", password("old"), password("new"));
  protect_registry("new");
  const auto source = make(web_identity());
  const auto ref = registry::reference::parse(image).value();
  EXPECT_NE(digest_of(image, ask(*source)->front()), testing::digest());
  EXPECT_TRUE(source->forget(ref));
  EXPECT_EQ(digest_of(image, ask(*source)->front()), testing::digest());
  EXPECT_EQ(net.at(sts_host).requests().size(), 1U) << "the keys are held";
}

TEST_F(Ecr, APodIdentityIsShownTheRawToken) {
  agent.on("GET", "/v1/credentials", agent_keys());
  serve_api(api_host, password("p1"));
  const auto source = make(pod_identity());
  const auto got = ask(*source);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->front().secret.reveal(), "p1");
  ASSERT_EQ(agent.requests().size(), 1U);
  EXPECT_EQ(agent.requests()[0].header("Authorization"), "raw.hunter2");
  expect_signed(net.at(api_host).requests().at(0), "eu-central-1", "ecr");
}

TEST_F(Ecr, TheInstancesRoleIsFoundInThreeSteps) {
  serve_instance();
  serve_api(api_host, password("p1"));
  const auto got = ask(*make(instance()));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->front().source, "Amazon ECR (instance role node-role)");
  const auto asked = agent.requests();
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[0].method, "PUT");
  EXPECT_EQ(asked[0].header("X-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(asked[0].body, "");
  for (std::size_t i : {1U, 2U}) EXPECT_EQ(asked[i].header("X-aws-ec2-metadata-token"), "imds-token==");
  EXPECT_EQ(asked[2].path(), "/latest/meta-data/iam/security-credentials/node-role");
  expect_signed(net.at(api_host).requests().at(0), "eu-central-1", "ecr");
}

// Public ECR takes Basic at its token realm alone, and answers 400 to it anywhere else.
TEST_F(Ecr, APublicRegistryIsOpenedByATokenOfItsOwn) {
  serve_instance();
  serve_api(public_api_host, password("open", true));
  constexpr const char* host = "public.ecr.aws";
  const std::string own_basic = "Basic " + testing::base64("AWS:open");
  protect(host, "/v2/team/app/manifests/1",
          "Bearer realm=\"https://public.ecr.aws/token/\",service=\"public.ecr.aws\",scope=\"aws\"",
          testing::manifest_reply());
  net.at(host).handle("GET", "/token/", [own_basic](const recorded_request& r) {
    return r.header("Authorization") == own_basic ? testing::token_reply(R"({"token":"token-1"})")
                                                  : testing::refusal(401, "UNAUTHORIZED");
  });
  const auto source = make(instance());
  const auto got = ask(*source, "public.ecr.aws/team/app:1");
  ASSERT_TRUE(got) << got.error().message;
  expect_signed(net.at(public_api_host).requests().at(0), "us-east-1", "ecr-public");
  EXPECT_EQ(net.at(public_api_host).requests().at(0).header("X-Amz-Target"),
            "SpencerFrontendService.GetAuthorizationToken");
  EXPECT_EQ(digest_of("public.ecr.aws/team/app:1", got->front()), testing::digest());
  EXPECT_EQ(net.at(host).requests("GET", "/token/").size(), 1U);
  for (const auto& r : net.at(host).requests())
    EXPECT_EQ(r.header("Authorization") == own_basic, r.path() == "/token/") << r.target;
}

// --- Faults of networks and services.

struct broken {
  const char* name;
  reply answer;
};
std::vector<broken> broken_answers() {
  return {{"closed", {.act = behaviour::close}},
          {"reset", {.act = behaviour::reset}},
          {"truncated", {.body = "{\"hunter2\"", .act = behaviour::truncate}},
          {"garbage", {.act = behaviour::garbage}},
          {"endless", {.act = behaviour::endless_body}},
          {"server error", {.status = 500, .body = "hunter2"}},
          {"redirect", {.status = 307, .headers = {{"Location", "https://evil.example/"}}}},
          {"empty", {.body = ""}}};
}

TEST_F(Ecr, EveryStepThatBreaksIsNamed) {
  for (const auto& one : broken_answers()) {
    SCOPED_TRACE(one.name);
    net.at(sts_host).on("POST", "/", one.answer);
    EXPECT_TRUE(failure_of(*make(web_identity())).starts_with("Amazon ECR: STS AssumeRoleWithWebIdentity for "));

    agent.on("GET", "/v1/credentials", one.answer);
    EXPECT_TRUE(failure_of(*make(pod_identity())).starts_with("Amazon ECR: container credentials: "));

    serve_instance();
    agent.on("GET", "/latest/meta-data/iam/security-credentials/node-role", one.answer);
    EXPECT_TRUE(failure_of(*make(instance())).starts_with("Amazon ECR: instance metadata: "));
    agent.on("GET", "/latest/meta-data/iam/security-credentials/", one.answer);
    EXPECT_TRUE(failure_of(*make(instance())).starts_with("Amazon ECR: instance metadata: role name: "));
    agent.on("PUT", "/latest/api/token", one.answer);
    EXPECT_TRUE(failure_of(*make(instance())).starts_with("Amazon ECR: instance metadata: session token: "));

    net.at(sts_host).on("POST", "/", sts_keys());
    net.at(api_host).on("POST", "/", one.answer);
    EXPECT_TRUE(failure_of(*make(web_identity()))
                    .starts_with("Amazon ECR: GetAuthorizationToken of api.ecr.eu-central-1.amazonaws.com as web "
                                 "identity role/pinhook: "));
  }
}

TEST_F(Ecr, ASignatureThatIsRefusedShowsNoToken) {
  net.at(sts_host).on("POST", "/", sts_keys());
  net.at(api_host).handle("POST", "/", [](const recorded_request& r) {
    return reply{.status = 403,
                 .body = R"({"__type":"InvalidSignatureException","message":"The Canonical String should have been )"
                         R"(x-amz-security-token:)" +
                         r.header("X-Amz-Security-Token") + "\"}"};
  });
  EXPECT_NE(failure_of(*make(web_identity())).find("x-amz-security-token:[redacted]"), std::string::npos);
}

TEST_F(Ecr, AMetadataServiceThatHangsHasATimeOfItsOwn) {
  agent.on("PUT", "/latest/api/token", {.act = behaviour::hang});
  cloud::ecr_options o;
  o.limits.instance = 50ms;
  const auto source = make(instance(), o);
  const auto got = ask(*source);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::timed_out);
  EXPECT_TRUE(got.error().message.starts_with("Amazon ECR: instance metadata: session token: ")) << got.error().message;
  agent.release();
}

TEST_F(Ecr, WithoutAnythingThatAnswersTheErrorSaysWhatWasTried) {
  const testing::refusing_port closed;
  const auto source = make({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://" + closed.host()}});
  const auto got = ask(*source);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unavailable);
  EXPECT_NE(got.error().message.find("no other AWS identity is configured"), std::string::npos) << got.error().message;
}

// The service that mints passwords is never asked about a registry that only looks like ECR.
TEST_F(Ecr, RegistriesThatLookLikeEcrCostNothing) {
  const auto source = make(web_identity());
  for (const char* name : {"123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example/a",
                           "123456789012.dkr.ecr.eu-central-1.amazonaws.com:8443/a",
                           "123456789012.dkr.ecr.s3.amazonaws.com/a", "public.ecr.aws.evil.example/a"}) {
    const auto got = ask(*source, name);
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_TRUE(got->empty()) << name;
  }
  EXPECT_TRUE(net.log().empty());
}

}  // namespace
}  // namespace pinhook
