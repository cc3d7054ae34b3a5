#include <pinhook/cloud/aws_web_identity.hpp>

#include <pinhook/base/timestamp.hpp>
#include <pinhook/cloud/aws_identity.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::cloud {
namespace {

using namespace std::chrono_literals;

http::response answer(int status, std::string body) {
  http::response r;
  r.status = status;
  r.body = std::move(body);
  return r;
}

const result<http::response> timed_out = fail(error_code::timed_out, "host:443: no answer in time");

// The message of a step that is an error; else "".
std::string message_of(const aws_step& step) {
  const auto* e = std::get_if<error>(&step);
  return e == nullptr ? "" : e->message;
}
http::request request_of(const aws_step& step) {
  const auto* send = std::get_if<aws_send>(&step);
  EXPECT_NE(send, nullptr) << message_of(step);
  return send == nullptr ? http::request() : send->request;
}

std::string sts_answer(const std::string& without = "") {
  std::string out =
      "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
      "<AssumeRoleWithWebIdentityResult><Audience>sts.amazonaws.com</Audience><Credentials>";
  for (const auto& [name, value] : {std::pair<std::string, std::string>{"SessionToken", "session+token=="},
                                    {"SecretAccessKey", "secret&amp;key"},
                                    {"Expiration", "2026-01-01T01:00:00Z"},
                                    {"AccessKeyId", "ASIAEXAMPLE"}})
    if (name != without) out += "<" + name + ">" + value + "</" + name + ">";
  return out +
         "</Credentials></AssumeRoleWithWebIdentityResult><ResponseMetadata><RequestId>r</RequestId>"
         "</ResponseMetadata></AssumeRoleWithWebIdentityResponse>";
}

std::string sts_error(const std::string& code, const std::string& message) {
  return "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>" + code +
         "</Code><Message>" + message + "</Message></Error><RequestId>r</RequestId></ErrorResponse>";
}

struct AwsWebIdentity : ::testing::Test {
  aws_key_source source = choose_aws_key_source({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/token"},
                                                 {"AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pinhook"}})
                              .value();
  std::unique_ptr<aws_identity_flow> flow = make_aws_identity_flow(source, "eu-central-1");
  const std::string where = R"(STS AssumeRoleWithWebIdentity for "arn:aws:iam::123456789012:role/pinhook": )";

  // The error after a good file and this outcome.
  std::string refused(const result<http::response>& outcome) {
    static_cast<void>(flow->start());
    static_cast<void>(flow->on_file(secret("hunter2")));
    const std::string message = message_of(flow->on_answer(outcome));
    EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
    EXPECT_EQ(message.find("secret&key"), std::string::npos) << message;
    EXPECT_EQ(message.find("session+token"), std::string::npos) << message;
    return message;
  }
};

TEST_F(AwsWebIdentity, ExchangesTheTokenForKeys) {
  const auto first = flow->start();
  ASSERT_NE(std::get_if<aws_read_file>(&first), nullptr);
  EXPECT_EQ(std::get<aws_read_file>(first).file, "/var/run/token");

  const auto second = flow->on_file(secret("header.claims&+.sig\n"));
  const auto request = request_of(second);
  EXPECT_FALSE(std::get<aws_send>(second).is_local);
  EXPECT_EQ(std::get<aws_send>(second).limit, 10s);
  EXPECT_EQ(request.verb, http::method::post);
  EXPECT_EQ(request.url, "https://sts.eu-central-1.amazonaws.com/");
  EXPECT_EQ(http::find_header(request.headers, "content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(http::find_header(request.headers, "accept"), "text/xml");
  ASSERT_TRUE(request.body);
  EXPECT_EQ(request.body->reveal(),
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2F"
            "pinhook&RoleSessionName=pinhook&WebIdentityToken=header.claims%26%2B.sig");
  EXPECT_FALSE(request.sign);
  EXPECT_FALSE(request.authorization);
  EXPECT_FALSE(request.reach.loopback);

  const auto last = flow->on_answer(answer(200, sts_answer()));
  const auto* keys = std::get_if<aws_keys>(&last);
  ASSERT_NE(keys, nullptr) << message_of(last);
  EXPECT_EQ(keys->access_key_id, "ASIAEXAMPLE");
  EXPECT_EQ(keys->secret_access_key.reveal(), "secret&key");
  EXPECT_EQ(keys->session_token.reveal(), "session+token==");
  EXPECT_EQ(keys->expires, parse_timestamp("2026-01-01T01:00:00Z"));
  EXPECT_EQ(keys->principal, "web identity role/pinhook");
}

TEST_F(AwsWebIdentity, AsksThePartitionsOwnSts) {
  struct row {
    const char *region, *url;
  };
  for (const auto& [region, url] : {row{"us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com/"},
                                    {"cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn/"},
                                    {"us-iso-east-1", "https://sts.us-iso-east-1.c2s.ic.gov/"},
                                    {"eusc-de-east-1", "https://sts.eusc-de-east-1.amazonaws.eu/"}})
    EXPECT_EQ(web_identity_request(source, region, secret("t")).url, url);
}

TEST_F(AwsWebIdentity, NamesTheSessionAsItIsTold) {
  const auto named = choose_aws_key_source({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"},
                                            {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"},
                                            {"AWS_ROLE_SESSION_NAME", "me@work"}});
  EXPECT_NE(web_identity_request(*named, "eu-west-1", secret("t")).body->reveal().find("RoleSessionName=me%40work&"),
            std::string::npos);
}

TEST_F(AwsWebIdentity, ATokenThatCannotBeReadNamesTheVariable) {
  static_cast<void>(flow->start());
  EXPECT_EQ(message_of(flow->on_file(fail(error_code::not_found, "cannot read /var/run/token: No such file"))),
            "web identity token (AWS_WEB_IDENTITY_TOKEN_FILE): cannot read /var/run/token: No such file");
  EXPECT_EQ(message_of(flow->on_file(secret("\r\n"))),
            "web identity token (AWS_WEB_IDENTITY_TOKEN_FILE): /var/run/token is empty");
}

TEST_F(AwsWebIdentity, EveryRefusalNamesTheStep) {
  EXPECT_EQ(refused(timed_out), where + "host:443: no answer in time");
  EXPECT_EQ(refused(answer(403, sts_error("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"))),
            where +
                "sts.eu-central-1.amazonaws.com: HTTP 403 AccessDenied: \"Not authorized to perform "
                "sts:AssumeRoleWithWebIdentity\" (the role's trust policy must let this service account assume it)");
  EXPECT_EQ(refused(answer(400, sts_error("InvalidIdentityToken", "No OpenIDConnect provider found"))),
            where +
                "sts.eu-central-1.amazonaws.com: HTTP 400 InvalidIdentityToken: \"No OpenIDConnect provider "
                "found\" (IAM must know the cluster's OIDC provider, and the token's audience must be "
                "sts.amazonaws.com)");
  EXPECT_EQ(refused(answer(400, sts_error("ExpiredTokenException", "Token hunter2 expired"))),
            where + R"(sts.eu-central-1.amazonaws.com: HTTP 400 ExpiredTokenException: "Token [redacted] expired")");
  EXPECT_EQ(refused(answer(503, "<html>hunter")), where + "sts.eu-central-1.amazonaws.com: HTTP 503");
  EXPECT_TRUE(refused(answer(200, "{}")).starts_with(where + "the answer is not valid XML"));
  EXPECT_TRUE(refused(answer(200, std::string(64 * 1024 + 1, ' '))).starts_with(where + "the answer is not valid XML"));
  for (const std::string name : {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"})
    EXPECT_EQ(refused(answer(200, sts_answer(name))), where + "the answer has no usable " + name);
}

}  // namespace
}  // namespace pinhook::cloud
