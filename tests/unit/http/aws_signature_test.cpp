// Signature Version 4: the checker of the tests against AWS's published vectors, then the signatures of the real
// client.
#include "support/run.hpp"
#include "support/scripted_server.hpp"
#include "support/sigv4_check.hpp"

#include <pinhook/http/curl_client.hpp>
#include <pinhook/http/header_lines.hpp>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace pinhook::http {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::recorded_request;
using testing::run_on;
using testing::sigv4_claim_of;
using testing::sigv4_fault;

// --- The checker (the suite "aws-sig-v4-test-suite") ---

const std::string suite_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

recorded_request of_suite(const std::string& method, const std::string& target, const std::string& signature,
                          const std::string& names = "host;x-amz-date") {
  recorded_request r;
  r.method = method;
  r.target = target;
  r.headers = {{"Host", "example.amazonaws.com"},
               {"X-Amz-Date", "20150830T123600Z"},
               {"Authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" +
                    names + ", Signature=" + signature}};
  return r;
}

TEST(Sigv4Check, AgreesWithThePublishedVectors) {
  auto plain = of_suite("GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_EQ(sigv4_fault(plain, suite_key), std::nullopt);
  auto query = of_suite("GET", "/?Param2=value2&Param1=value1",
                        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  EXPECT_EQ(sigv4_fault(query, suite_key), std::nullopt);
  auto form = of_suite("POST", "/", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
                       "content-type;host;x-amz-date");
  form.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  form.body = "Param1=value1";
  EXPECT_EQ(sigv4_fault(form, suite_key), std::nullopt);

  EXPECT_THAT(sigv4_fault(plain, "another key").value_or(""), HasSubstr("the signature is 5fa0"));
  form.body = "Param1=value2";
  EXPECT_THAT(sigv4_fault(form, suite_key).value_or(""), HasSubstr("the signature is ff11"));
  plain.headers.emplace_back("X-Amz-Security-Token", "t");
  EXPECT_EQ(sigv4_fault(plain, suite_key), "x-amz-security-token is not signed");
  EXPECT_THAT(sigv4_fault({}, suite_key).value_or(""), HasSubstr("no signature"));
}

// --- The client ---

class AwsSignature : public ::testing::Test {
 protected:
  request ecr() {
    request r;
    r.verb = method::post;
    r.url = server.url("/");
    r.reach.loopback = true;
    r.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                 {"X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"}};
    r.body = secret(R"({"registryIds":["123456789012"]})");
    r.sign = aws_signature{"eu-central-1", "ecr", "AKIAEXAMPLE", secret(key), {}};
    return r;
  }
  result<response> send(request r) {
    return run_on(io, client.send(std::move(r), deadline::after(std::chrono::steady_clock::now(), 30s)));
  }
  void expect_good(request r) {
    const auto got = send(std::move(r));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(sigv4_fault(server.requests().back(), key), std::nullopt);
  }
  std::string refusal(request r) {
    const auto got = send(std::move(r));
    EXPECT_EQ(got ? error_code::internal : got.error().code, error_code::invalid_input);
    return got ? "" : got.error().message;
  }

  const std::string key = "a/secret+key:with marks";
  asio::io_context io{1};
  testing::scripted_server server;
  curl_client client{io};
};

TEST_F(AwsSignature, IsWhatAwsExpects) {
  expect_good(ecr());
  const auto seen = server.requests().at(0);
  const auto claim = sigv4_claim_of(seen);
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->access_key_id, "AKIAEXAMPLE");
  EXPECT_EQ(claim->region, "eu-central-1");
  EXPECT_EQ(claim->service, "ecr");
  EXPECT_THAT(claim->signed_headers, ElementsAre("content-type", "host", "x-amz-date", "x-amz-target"));
  EXPECT_EQ(seen.header("Content-Type"), "application/x-amz-json-1.1");
  EXPECT_EQ(seen.body, R"({"registryIds":["123456789012"]})");
  for (const auto& [name, value] : seen.headers) EXPECT_THAT(value, Not(HasSubstr("secret"))) << name;
}

TEST_F(AwsSignature, CoversTheSessionToken) {
  auto r = ecr();
  r.sign->session_token = secret("IQoJb3JpZ2luX2VjE//////////wEaDGV1LWNlbnRyYWwtMSJ=");
  expect_good(std::move(r));
  EXPECT_EQ(server.requests().at(0).header("X-Amz-Security-Token"),
            "IQoJb3JpZ2luX2VjE//////////wEaDGV1LWNlbnRyYWwtMSJ=");
}

TEST_F(AwsSignature, CoversFormsOfSts) {
  auto r = ecr();
  r.headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}, {"Accept", "application/json"}};
  r.body = secret("Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa&Version=2011-06-15");
  r.sign->service = "sts";
  expect_good(std::move(r));
}

TEST_F(AwsSignature, CoversGetWithSortedQuery) {
  auto r = ecr();
  r.verb = method::get;
  r.body.reset();
  r.headers.clear();
  r.url = server.url("/?Action=GetCallerIdentity&Version=2011-06-15");
  expect_good(std::move(r));
}

TEST_F(AwsSignature, CoversTheHostHeaderOfTheCaller) {
  auto r = ecr();
  r.headers.push_back({"Host", "api.ecr.eu-central-1.amazonaws.com"});
  expect_good(std::move(r));
  EXPECT_EQ(server.requests().at(0).header("Host"), "api.ecr.eu-central-1.amazonaws.com");
}

TEST_F(AwsSignature, CoversValuesWithSpaces) {
  auto r = ecr();
  r.headers.push_back({"X-Amz-Note", "  two  spaces "});
  expect_good(std::move(r));
}

TEST_F(AwsSignature, CoversBodiesUpToALimit) {
  auto r = ecr();
  r.body = secret(std::string(max_signed_body, 'x'));
  expect_good(r);
  EXPECT_FALSE(server.requests().at(0).has_header("Expect"));
  r.body = secret(std::string(max_signed_body + 1, 'x'));
  EXPECT_THAT(refusal(std::move(r)), HasSubstr("262144 bytes"));
}

TEST_F(AwsSignature, RefusesWhatItWouldSignWrongly) {
  const auto changed = [&](auto change) {
    auto r = ecr();
    change(r);
    return refusal(std::move(r));
  };
  EXPECT_THAT(changed([](request& r) { r.authorization = secret("Bearer x"); }), HasSubstr("either a signature"));
  EXPECT_THAT(changed([](request& r) { r.headers.erase(r.headers.begin()); }), HasSubstr("Content-Type"));
  EXPECT_THAT(changed([](request& r) { r.headers.push_back({"X-Empty", ""}); }), HasSubstr("X-Empty"));
  EXPECT_THAT(changed([](request& r) { r.headers.push_back({"X-Amz", "1"}); }), HasSubstr("cannot be signed together"));
  EXPECT_THAT(changed([](request& r) { r.sign->region = "eu:central"; }), HasSubstr("region"));
  EXPECT_THAT(changed([](request& r) { r.sign->service = ""; }), HasSubstr("service"));
  EXPECT_THAT(changed([](request& r) { r.sign->access_key_id = ""; }), HasSubstr("access key"));
  EXPECT_THAT(changed([](request& r) { r.sign->session_token = secret("a\r\nX: b"); }), HasSubstr("line ends"));
  EXPECT_EQ(server.connections(), 0U);
}

}  // namespace
}  // namespace pinhook::http
