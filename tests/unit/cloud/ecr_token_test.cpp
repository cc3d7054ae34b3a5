#include <pinhook/cloud/ecr_token.hpp>

#include "support/token_server.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pinhook::cloud {
namespace {

using namespace std::chrono_literals;

const wall_time now = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
constexpr long long epoch = 1767225600;

http::response answer(int status, std::string body) {
  http::response r;
  r.status = status;
  r.body = std::move(body);
  return r;
}

std::string token(const std::string& plain) { return testing::base64(plain); }
std::string entry(const std::string& text, const std::string& expires = "1767268800.123") {
  return R"({"authorizationToken":")" + text + "\"" + (expires.empty() ? "" : ",\"expiresAt\":" + expires) +
         R"(,"proxyEndpoint":"https://123456789012.dkr.ecr.eu-central-1.amazonaws.com"})";
}
std::string for_private(const std::string& one) { return R"({"authorizationData":[)" + one + "]}"; }
std::string for_public(const std::string& one) { return R"({"authorizationData":)" + one + "}"; }

struct EcrToken : ::testing::Test {
  ecr_api api = ecr_api_for("123456789012.dkr.ecr.eu-central-1.amazonaws.com").value();
  ecr_api public_api = ecr_api_for("public.ecr.aws").value();
  aws_keys keys{"ASIAEXAMPLE", secret("secret-key"), secret("session-token"), std::nullopt, "instance role node"};

  std::string refused(const ecr_api& of, const http::response& r) {
    const auto got = read_ecr_answer(of, keys, r, now);
    EXPECT_FALSE(got);
    const std::string message = got ? "" : got.error().message;
    for (const char* text : {"secret-key", "session-token", "hunter2"})
      EXPECT_EQ(message.find(text), std::string::npos) << message;
    return message;
  }
};

TEST_F(EcrToken, EveryPartitionHasItsApi) {
  struct row {
    const char *registry, *host, *region;
  };
  for (const auto& [registry, host, region] : {
           row{"123456789012.dkr.ecr.us-east-1.amazonaws.com", "api.ecr.us-east-1.amazonaws.com", "us-east-1"},
           {"123456789012.dkr.ecr.us-gov-west-1.amazonaws.com", "api.ecr.us-gov-west-1.amazonaws.com", "us-gov-west-1"},
           {"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "ecr-fips.us-east-1.amazonaws.com", "us-east-1"},
           {"123456789012.dkr.ecr-fips.us-gov-east-1.amazonaws.com", "ecr-fips.us-gov-east-1.amazonaws.com",
            "us-gov-east-1"},
           {"123456789012.dkr-ecr.eu-west-1.on.aws", "ecr.eu-west-1.api.aws", "eu-west-1"},
           {"123456789012.dkr-ecr-fips.us-west-2.on.aws", "ecr-fips.us-west-2.api.aws", "us-west-2"},
           {"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "api.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"},
           {"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
            "ecr.cn-north-1.api.amazonwebservices.com.cn", "cn-north-1"},
           {"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "api.ecr.eusc-de-east-1.amazonaws.eu",
            "eusc-de-east-1"},
           {"123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "api.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"},
           {"123456789012.dkr.ecr-fips.us-iso-east-1.c2s.ic.gov", "api.ecr-fips.us-iso-east-1.c2s.ic.gov",
            "us-iso-east-1"},
           {"123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "api.ecr.us-isob-east-1.sc2s.sgov.gov",
            "us-isob-east-1"},
           {"123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", "api.ecr.eu-isoe-west-1.cloud.adc-e.uk",
            "eu-isoe-west-1"},
           {"123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov", "api.ecr.us-isof-south-1.csp.hci.ic.gov",
            "us-isof-south-1"},
           {"public.ecr.aws", "api.ecr-public.us-east-1.amazonaws.com", "us-east-1"},
           {"ecr-public.aws.com", "ecr-public.us-east-1.api.aws", "us-east-1"},
       }) {
    const auto got = ecr_api_for(registry);
    ASSERT_TRUE(got) << registry;
    EXPECT_EQ(got->host, host);
    EXPECT_EQ(got->region, region);
    EXPECT_EQ(got->service, got->is_public ? "ecr-public" : "ecr");
  }
  for (const char* registry : {"ghcr.io", "123456789012.dkr.ecr.us-east-1.amazonaws.com:443",
                               "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example", "public.ecr.aws:443"})
    EXPECT_FALSE(ecr_api_for(registry)) << registry;
}

TEST_F(EcrToken, AccountsOfARegionShareAnApi) {
  const auto other = ecr_api_for("999999999999.dkr.ecr.eu-central-1.amazonaws.com");
  EXPECT_EQ(other->host, api.host);
  EXPECT_EQ(other->registry, "private registry of account 999999999999 in eu-central-1");
}

TEST_F(EcrToken, AsksTheApiSigned) {
  const auto r = ecr_token_request(api, keys);
  EXPECT_EQ(r.verb, http::method::post);
  EXPECT_EQ(r.url, "https://api.ecr.eu-central-1.amazonaws.com/");
  EXPECT_EQ(http::find_header(r.headers, "content-type"), "application/x-amz-json-1.1");
  EXPECT_EQ(http::find_header(r.headers, "x-amz-target"), "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
  EXPECT_EQ(r.headers.size(), 2U);
  EXPECT_EQ(r.body->reveal(), "{}");
  EXPECT_FALSE(r.authorization);
  EXPECT_FALSE(r.reach.loopback);
  ASSERT_TRUE(r.sign);
  EXPECT_EQ(r.sign->region, "eu-central-1");
  EXPECT_EQ(r.sign->service, "ecr");
  EXPECT_EQ(r.sign->access_key_id, "ASIAEXAMPLE");
  EXPECT_EQ(r.sign->secret_access_key.reveal(), "secret-key");
  EXPECT_EQ(r.sign->session_token.reveal(), "session-token");

  const auto p = ecr_token_request(public_api, keys);
  EXPECT_EQ(p.url, "https://api.ecr-public.us-east-1.amazonaws.com/");
  EXPECT_EQ(http::find_header(p.headers, "x-amz-target"), "SpencerFrontendService.GetAuthorizationToken");
  EXPECT_EQ(p.sign->service, "ecr-public");
  EXPECT_EQ(p.sign->region, "us-east-1");
}

TEST_F(EcrToken, ReadsAPassword) {
  const auto got = read_ecr_answer(api, keys, answer(200, for_private(entry(token("AWS:hunter2:more")))), now);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->username, "AWS");
  EXPECT_EQ(got->password.reveal(), "hunter2:more") << "the first colon ends the name";
  EXPECT_EQ(got->life, 12h);
  EXPECT_EQ(got->principal, "instance role node");

  const auto open = read_ecr_answer(public_api, keys, answer(200, for_public(entry(token("AWS:p")))), now);
  ASSERT_TRUE(open) << open.error().message;
  EXPECT_EQ(open->password.reveal(), "p");

  for (const char* none : {"", "null"}) {
    const auto endless = read_ecr_answer(api, keys, answer(200, for_private(entry(token("AWS:p"), none))), now);
    ASSERT_TRUE(endless);
    EXPECT_EQ(endless->life, std::nullopt);
  }
}

TEST_F(EcrToken, RefusesWhatIsNoPassword) {
  const std::string good = entry(token("AWS:hunter2"));
  EXPECT_EQ(refused(api, answer(200, "")), "the answer is not JSON");
  EXPECT_EQ(refused(api, answer(200, std::string(64 * 1024 + 1, ' '))), "the answer is not JSON");
  for (const std::string& body :
       {std::string("{}"), std::string("[]"), std::string(R"({"authorizationData":[]})"),
        std::string(R"({"authorizationData":["x"]})"), for_public(good), std::string(R"({"AuthorizationData":[{}]})")})
    EXPECT_EQ(refused(api, answer(200, body)), "the answer has no authorizationData") << body;
  EXPECT_EQ(refused(public_api, answer(200, for_private(good))), "the answer has no authorizationData");
  EXPECT_EQ(refused(api, answer(200, for_private("{}"))), "the answer has no authorizationToken");
  for (const std::string& text : {std::string("hunter2!"), std::string("hunter"), std::string(), token("hunter2"),
                                  token("aws:hunter2"), token("AWSx:hunter2"), token("AWS")})
    EXPECT_EQ(refused(api, answer(200, for_private(entry(text)))),
              "the answer has a token that is not base64 of AWS:password")
        << text;
  for (const std::string& text : {token("AWS:"), token("AWS:hunter2\r\nX: y"), token("AWS:hunter2\xff"),
                                  token("AWS:" + std::string(max_aws_key_size + 1, 'a'))})
    EXPECT_EQ(refused(api, answer(200, for_private(entry(text)))), "the answer has a token without a usable password");
}

TEST_F(EcrToken, ATokenThatHasEndedIsNone) {
  for (const std::string& time : {std::to_string(epoch), std::to_string(epoch - 1), std::string("0")})
    EXPECT_EQ(refused(api, answer(200, for_private(entry(token("AWS:hunter2"), time)))),
              "the answer has a token that has already ended; is the clock right?");
  for (const char* time : {"-1", "1e300", "\"soon\"", "true", "{}"})
    EXPECT_EQ(refused(api, answer(200, for_private(entry(token("AWS:hunter2"), time)))),
              "the answer has an expiresAt that is not a time");
}

TEST_F(EcrToken, ARefusalNamesWhatIamMustAllow) {
  const auto denied =
      answer(400, R"({"__type":"AccessDeniedException","message":"User: arn:aws:sts::1:x is not authorized"})");
  EXPECT_EQ(refused(api, denied),
            "HTTP 400 AccessDeniedException: \"User: arn:aws:sts::1:x is not authorized\" (its IAM policy must allow "
            "ecr:GetAuthorizationToken)");
  EXPECT_EQ(refused(public_api, denied),
            "HTTP 400 AccessDeniedException: \"User: arn:aws:sts::1:x is not authorized\" (its IAM policy must allow "
            "ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken)");
  EXPECT_EQ(refused(api, answer(500, "")), "HTTP 500");
  EXPECT_EQ(refused(api, answer(301, "")), "HTTP 301, a redirect, which is not followed");
  EXPECT_EQ(
      refused(api,
              answer(403, R"({"__type":"InvalidSignatureException","message":"x-amz-security-token:session-token"})")),
      R"(HTTP 403 InvalidSignatureException: "x-amz-security-token:[redacted]")");
}

}  // namespace
}  // namespace pinhook::cloud
