#include <pinhook/cloud/aws_agent_identity.hpp>

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

std::string agent_answer(const std::string& without = "", const std::string& expires = "2026-01-01T06:00:00Z") {
  std::string out = "{";
  for (const auto& [name, value] : {std::pair<std::string, std::string>{"Code", "Success"},
                                    {"Type", "AWS-HMAC"},
                                    {"AccessKeyId", "ASIAEXAMPLE"},
                                    {"SecretAccessKey", "secret-key"},
                                    {"Token", "session-token"},
                                    {"Expiration", expires}})
    if (name != without) out += (out.size() > 1 ? ",\"" : "\"") + name + "\":\"" + value + "\"";
  return out + "}";
}

void expect_no_secret(const std::string& message) {
  for (const char* text : {"secret-key", "session-token", "hunter2", "imds-token"})
    EXPECT_EQ(message.find(text), std::string::npos) << message;
}

struct AwsContainer : ::testing::Test {
  const environment pod_identity{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"},
                                 {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/run/pod-token"},
                                 {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "not this one"}};

  std::string refused(const result<http::response>& outcome) {
    const auto flow = make_aws_identity_flow(choose_aws_key_source(pod_identity).value(), "");
    static_cast<void>(flow->start());
    static_cast<void>(flow->on_file(secret("hunter2")));
    std::string message = message_of(flow->on_answer(outcome));
    expect_no_secret(message);
    return message;
  }
};

TEST_F(AwsContainer, ShowsTheAgentTheToken) {
  const auto flow = make_aws_identity_flow(choose_aws_key_source(pod_identity).value(), "");
  const auto first = flow->start();
  ASSERT_NE(std::get_if<aws_read_file>(&first), nullptr);
  EXPECT_EQ(std::get<aws_read_file>(first).file, "/var/run/pod-token");
  const auto second = flow->on_file(secret("raw.token"));
  const auto request = request_of(second);
  EXPECT_TRUE(std::get<aws_send>(second).is_local);
  EXPECT_EQ(std::get<aws_send>(second).limit, 5s);
  EXPECT_EQ(request.verb, http::method::get);
  EXPECT_EQ(request.url, "http://169.254.170.23/v1/credentials");
  ASSERT_TRUE(request.authorization);
  EXPECT_EQ(request.authorization->reveal(), "raw.token");
  EXPECT_FALSE(request.sign);
  EXPECT_FALSE(request.body);
  const auto last = flow->on_answer(answer(200, agent_answer()));
  const auto* keys = std::get_if<aws_keys>(&last);
  ASSERT_NE(keys, nullptr) << message_of(last);
  EXPECT_EQ(keys->access_key_id, "ASIAEXAMPLE");
  EXPECT_EQ(keys->secret_access_key.reveal(), "secret-key");
  EXPECT_EQ(keys->session_token.reveal(), "session-token");
  EXPECT_EQ(keys->expires, parse_timestamp("2026-01-01T06:00:00Z"));
  EXPECT_EQ(keys->principal, "EKS Pod Identity");
}

TEST_F(AwsContainer, TheTokenMayStandInTheEnvironmentOrNotAtAll) {
  const auto with = make_aws_identity_flow(choose_aws_key_source({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/c"},
                                                                  {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer t"}})
                                               .value(),
                                           "");
  EXPECT_EQ(request_of(with->start()).authorization->reveal(), "Bearer t");
  const auto without =
      make_aws_identity_flow(choose_aws_key_source({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/c"}}).value(), "");
  EXPECT_FALSE(request_of(without->start()).authorization);
  const auto step = without->on_answer(answer(200, agent_answer("Expiration")));
  const auto* keys = std::get_if<aws_keys>(&step);
  ASSERT_NE(keys, nullptr) << message_of(step);
  EXPECT_EQ(keys->expires, std::nullopt);
  EXPECT_EQ(keys->principal, "container credentials");
}

TEST_F(AwsContainer, ATokenThatIsNoneNamesTheStep) {
  const auto flow = make_aws_identity_flow(choose_aws_key_source(pod_identity).value(), "");
  static_cast<void>(flow->start());
  EXPECT_EQ(message_of(flow->on_file(fail(error_code::denied, "cannot read /var/run/pod-token: Permission denied"))),
            "container credentials: token (AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE): cannot read /var/run/pod-token: "
            "Permission denied");
  for (const std::string& text :
       {std::string("hunter2\r\nX: y"), std::string("hunter2\n"), std::string(max_aws_key_size + 1, 'a')}) {
    const auto message = message_of(flow->on_file(secret(text)));
    EXPECT_EQ(message,
              "container credentials: the authorization token has characters that no header may have, or is too long");
  }
}

TEST_F(AwsContainer, EveryRefusalNamesTheStep) {
  EXPECT_EQ(refused(timed_out), "container credentials: host:443: no answer in time");
  EXPECT_EQ(refused(answer(400, R"({"code":"AccessDenied","message":"hunter2 is not for here"})")),
            R"(container credentials: HTTP 400 AccessDenied: "[redacted] is not for here")");
  EXPECT_EQ(refused(answer(500, "oops")), "container credentials: HTTP 500");
  EXPECT_EQ(refused(answer(302, "")), "container credentials: HTTP 302, a redirect, which is not followed");
  EXPECT_EQ(refused(answer(200, "<xml/>")), "container credentials: the answer is not JSON");
  EXPECT_EQ(refused(answer(200, std::string(64 * 1024 + 1, ' '))), "container credentials: the answer is not JSON");
  for (const std::string name : {"AccessKeyId", "SecretAccessKey", "Token"})
    EXPECT_EQ(refused(answer(200, agent_answer(name))), "container credentials: the answer has no usable " + name);
  EXPECT_EQ(refused(answer(200, agent_answer("", "soon"))),
            "container credentials: the answer has no usable Expiration");
  EXPECT_EQ(refused(answer(200, R"({"accessKeyId":"a","secretAccessKey":"b","token":"c"})")),
            "container credentials: the answer has no usable AccessKeyId");
}

struct AwsInstance : ::testing::Test {
  std::unique_ptr<aws_identity_flow> flow = make_aws_identity_flow(choose_aws_key_source({}).value(), "");

  // The error when the n-th answer (from 0) is this one and those before it are valid.
  std::string refused_at(int n, const result<http::response>& outcome) {
    const std::vector<http::response> good{answer(200, "imds-token"), answer(200, "node-role")};
    flow = make_aws_identity_flow(choose_aws_key_source({}).value(), "");
    static_cast<void>(flow->start());
    for (int i = 0; i < n; ++i) static_cast<void>(flow->on_answer(good.at(static_cast<std::size_t>(i))));
    std::string message = message_of(flow->on_answer(outcome));
    expect_no_secret(message);
    return message;
  }
};

TEST_F(AwsInstance, AsksForATokenTheRoleAndItsKeys) {
  const auto first = flow->start();
  const auto put = request_of(first);
  EXPECT_TRUE(std::get<aws_send>(first).is_local);
  EXPECT_EQ(std::get<aws_send>(first).limit, 1s);
  EXPECT_EQ(put.verb, http::method::put);
  EXPECT_EQ(put.url, "http://169.254.169.254/latest/api/token");
  EXPECT_EQ(http::find_header(put.headers, "x-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(http::find_header(put.headers, "x-aws-ec2-metadata-token"), std::nullopt);

  const auto second = flow->on_answer(answer(200, "imds-token"));
  const auto role = request_of(second);
  EXPECT_TRUE(std::get<aws_send>(second).is_local);
  EXPECT_EQ(std::get<aws_send>(second).limit, 1s);
  EXPECT_EQ(role.verb, http::method::get);
  EXPECT_EQ(role.url, "http://169.254.169.254/latest/meta-data/iam/security-credentials/");
  EXPECT_EQ(http::find_header(role.headers, "x-aws-ec2-metadata-token"), "imds-token");

  const auto keys_request = request_of(flow->on_answer(answer(200, "node-role\nanother\n")));
  EXPECT_EQ(keys_request.url, "http://169.254.169.254/latest/meta-data/iam/security-credentials/node-role");
  EXPECT_EQ(http::find_header(keys_request.headers, "x-aws-ec2-metadata-token"), "imds-token");

  const auto last = flow->on_answer(answer(200, agent_answer()));
  const auto* keys = std::get_if<aws_keys>(&last);
  ASSERT_NE(keys, nullptr) << message_of(last);
  EXPECT_EQ(keys->session_token.reveal(), "session-token");
  EXPECT_EQ(keys->principal, "instance role node-role");
}

TEST_F(AwsInstance, EveryRefusalNamesTheStep) {
  const std::string hint =
      " (no other AWS identity is configured; off EC2 there is none, and in a Pod the instance's metadata hop limit "
      "must be 2)";
  EXPECT_EQ(refused_at(0, timed_out), "instance metadata: session token: host:443: no answer in time" + hint);
  EXPECT_EQ(refused_at(0, answer(403, "")), "instance metadata: session token: HTTP 403");
  EXPECT_EQ(refused_at(0, answer(500, "")), "instance metadata: session token: HTTP 500");
  for (const std::string& body :
       {std::string(), std::string("a b"), std::string("a\r\nX: y"), std::string(20'000, 'a')})
    EXPECT_EQ(refused_at(0, answer(200, body)), "instance metadata: session token: the answer is not a valid token");

  EXPECT_EQ(refused_at(1, timed_out), "instance metadata: role name: host:443: no answer in time");
  EXPECT_EQ(refused_at(1, answer(404, "")), "instance metadata: role name: the instance has no role");
  EXPECT_EQ(refused_at(1, answer(401, "imds-token")), "instance metadata: role name: HTTP 401");
  for (const std::string& body : {std::string(), std::string("\nrole"), std::string("../../x"), std::string(".."),
                                  std::string("a/b"), std::string("a?b"), std::string("<html>"), std::string(65, 'a')})
    EXPECT_EQ(refused_at(1, answer(200, body)), "instance metadata: role name: the answer is not a valid name") << body;

  EXPECT_EQ(refused_at(2, timed_out), "instance metadata: role's keys: host:443: no answer in time");
  EXPECT_EQ(refused_at(2, answer(503, "")), "instance metadata: role's keys: HTTP 503");
  const std::string keys = "instance metadata: keys of role node-role: ";
  EXPECT_EQ(refused_at(2, answer(200, R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"x"})")),
            keys + R"(the service says "AssumeRoleUnauthorizedAccess" instead of "Success")");
  EXPECT_EQ(refused_at(2, answer(200, "{")), keys + "the answer is not JSON");
  EXPECT_EQ(refused_at(2, answer(200, agent_answer("Code"))), keys + "the answer has no Code");
  for (const std::string name : {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"})
    EXPECT_EQ(refused_at(2, answer(200, agent_answer(name))), keys + "the answer has no usable " + name);
}

}  // namespace
}  // namespace pinhook::cloud
