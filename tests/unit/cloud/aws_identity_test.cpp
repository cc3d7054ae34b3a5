#include <pinhook/cloud/aws_agent_identity.hpp>
#include <pinhook/cloud/aws_identity.hpp>
#include <pinhook/cloud/aws_web_identity.hpp>

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

// --- What the environment says.

struct chosen_row {
  environment env;
  aws_way_kind kind;
  std::string url;
};

TEST(AwsWay, IsTheFirstThatIsConfigured) {
  const environment keys{{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "k"}};
  const environment web{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}, {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"}};
  const environment full{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"}};
  const environment relative{{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x"}};
  const auto both = [](environment a, const environment& b) {
    a.insert(b.begin(), b.end());
    return a;
  };
  for (const chosen_row& row : {
           chosen_row{both(keys, both(web, full)), aws_way_kind::environment_keys, ""},
           {both(web, full), aws_way_kind::web_identity, ""},
           {full, aws_way_kind::container, "http://169.254.170.23/v1/credentials"},
           {both(relative, full), aws_way_kind::container, "http://169.254.170.2/v2/x"},
           {{}, aws_way_kind::instance, "http://169.254.169.254"},
           {{{"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"}}, aws_way_kind::instance, "http://169.254.169.254"},
           {{{"AWS_EC2_METADATA_DISABLED", "false"}}, aws_way_kind::instance, "http://169.254.169.254"},
           {{{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}}, aws_way_kind::instance, "http://[fd00:ec2::254]"},
           {{{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1338/"},
             {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}},
            aws_way_kind::instance,
            "http://127.0.0.1:1338"},
       }) {
    const auto way = choose_aws_way(row.env);
    ASSERT_TRUE(way) << way.error().message;
    EXPECT_EQ(way->kind, row.kind);
    EXPECT_EQ(way->url, row.url);
  }
}

TEST(AwsWay, HalfASettingIsAnErrorAndNotAnotherPrincipal) {
  struct row {
    environment env;
    std::string message;
  };
  for (const row& one : {
           row{{{"AWS_ACCESS_KEY_ID", "AKID"}}, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not"},
           {{{"AWS_SECRET_ACCESS_KEY", "hunter2"}}, "AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not"},
           {{{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "hunter2 "}},
            "AWS_SECRET_ACCESS_KEY holds no key of AWS"},
           {{{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "k"}, {"AWS_SESSION_TOKEN", "hunter2\n"}},
            "AWS_SESSION_TOKEN holds no key of AWS"},
           {{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}}, "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not"},
           {{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}, {"AWS_ROLE_ARN", "role"}},
            R"(AWS_ROLE_ARN is "role", which is no ARN)"},
           {{{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "evil.example/"}},
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with '/'"},
           {{{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5"}},
            R"(AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is "IPv5", neither "IPv4" nor "IPv6")"},
       }) {
    const auto way = choose_aws_way(one.env);
    ASSERT_FALSE(way);
    EXPECT_EQ(way.error().code, error_code::invalid_input);
    EXPECT_EQ(way.error().message, one.message);
  }
  EXPECT_FALSE(choose_aws_way({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "nonsense"}}));
  EXPECT_FALSE(choose_aws_way({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "ftp://x/"}}));
}

TEST(AwsWay, NothingConfiguredAndNoMetadataService) {
  for (const char* yes : {"true", "TRUE", "True"}) {
    const auto way = choose_aws_way({{"AWS_EC2_METADATA_DISABLED", yes}});
    ASSERT_FALSE(way);
    EXPECT_EQ(way.error().code, error_code::not_found);
    EXPECT_TRUE(way.error().message.starts_with("no AWS identity: no keys in the environment, no web identity token"));
  }
}

TEST(AwsWay, KeysOfAgentsComeFromAFewPlacesAlone) {
  for (const char* url : {"http://169.254.170.2/x", "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1",
                          "http://127.0.0.1:5000/x", "http://127.8.9.1/x", "http://localhost:1/x", "http://[::1]:8/x",
                          "https://agent.example/x", "https://10.0.0.1/x"})
    EXPECT_TRUE(choose_aws_way({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}})) << url;
  for (const char* url :
       {"http://169.254.170.3/x", "http://169.254.169.254/x", "http://agent.example/x", "http://10.0.0.1/x",
        "http://169.254.170.23.evil.example/x", "http://169.254.170.2@evil.example/x",
        "http://localhost.evil.example/x", "http://[fd00:ec2::254]/x", "http://[fd00:ec2::24]/x", "http://0.0.0.0/x"})
    EXPECT_FALSE(choose_aws_way({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}})) << url;
}

TEST(AwsWay, StsIsTheRegionsOwn) {
  EXPECT_EQ(aws_sts_region({}, "eu-west-1").value(), "eu-west-1");
  EXPECT_EQ(aws_sts_region({{"AWS_DEFAULT_REGION", "us-west-2"}}, "eu-west-1").value(), "us-west-2");
  EXPECT_EQ(aws_sts_region({{"AWS_REGION", "us-east-2"}, {"AWS_DEFAULT_REGION", "us-west-2"}}, "eu-west-1").value(),
            "us-east-2");
  EXPECT_EQ(aws_sts_region({{"AWS_STS_REGIONAL_ENDPOINTS", "legacy"}}, "eu-west-1").value(), "eu-west-1");
  const auto evil = aws_sts_region({{"AWS_REGION", "evil.example/"}}, "eu-west-1");
  ASSERT_FALSE(evil);
  EXPECT_EQ(evil.error().message, R"(AWS_REGION is "evil.example/", which is no region)");
}

TEST(AwsIdentity, KeysOfTheEnvironmentNeedNobody) {
  const auto way = choose_aws_way(
      {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "key"}, {"AWS_SESSION_TOKEN", "session"}});
  ASSERT_TRUE(way);
  const auto flow = make_aws_identity_flow(*way, "");
  const auto step = flow->start();
  const auto* keys = std::get_if<aws_keys>(&step);
  ASSERT_NE(keys, nullptr);
  EXPECT_EQ(keys->access_key_id, "AKID");
  EXPECT_EQ(keys->secret_access_key.reveal(), "key");
  EXPECT_EQ(keys->session_token.reveal(), "session");
  EXPECT_EQ(keys->expires, std::nullopt);
  EXPECT_EQ(keys->principal, "keys of the environment");
  EXPECT_EQ(message_of(flow->on_file(secret("x"))), "a file that nobody asked for");
  EXPECT_EQ(message_of(flow->on_answer(answer(200, ""))), "an answer that nobody asked for");
}

// --- Web identity.

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
  aws_way way = choose_aws_way({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/token"},
                                {"AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pinhook"}})
                    .value();
  std::unique_ptr<aws_identity_flow> flow = make_aws_identity_flow(way, "eu-central-1");
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
  EXPECT_EQ(keys->expires, parse_aws_time("2026-01-01T01:00:00Z"));
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
    EXPECT_EQ(web_identity_request(way, region, secret("t")).url, url);
}

TEST_F(AwsWebIdentity, NamesTheSessionAsItIsTold) {
  const auto named = choose_aws_way({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"},
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
  EXPECT_TRUE(refused(answer(200, "{}")).starts_with(where + "not the XML of AWS"));
  EXPECT_TRUE(refused(answer(200, std::string(64 * 1024 + 1, ' '))).starts_with(where + "not the XML of AWS"));
  for (const std::string name : {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"})
    EXPECT_EQ(refused(answer(200, sts_answer(name))), where + "the answer has no usable " + name);
}

// --- Agents.

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
    const auto flow = make_aws_identity_flow(choose_aws_way(pod_identity).value(), "");
    static_cast<void>(flow->start());
    static_cast<void>(flow->on_file(secret("hunter2")));
    std::string message = message_of(flow->on_answer(outcome));
    expect_no_secret(message);
    return message;
  }
};

TEST_F(AwsContainer, ShowsTheAgentTheToken) {
  const auto flow = make_aws_identity_flow(choose_aws_way(pod_identity).value(), "");
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
  EXPECT_EQ(keys->expires, parse_aws_time("2026-01-01T06:00:00Z"));
  EXPECT_EQ(keys->principal, "EKS Pod Identity");
}

TEST_F(AwsContainer, TheTokenMayStandInTheEnvironmentOrNotAtAll) {
  const auto with = make_aws_identity_flow(choose_aws_way({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/c"},
                                                           {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer t"}})
                                               .value(),
                                           "");
  EXPECT_EQ(request_of(with->start()).authorization->reveal(), "Bearer t");
  const auto without =
      make_aws_identity_flow(choose_aws_way({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/c"}}).value(), "");
  EXPECT_FALSE(request_of(without->start()).authorization);
  const auto step = without->on_answer(answer(200, agent_answer("Expiration")));
  const auto* keys = std::get_if<aws_keys>(&step);
  ASSERT_NE(keys, nullptr) << message_of(step);
  EXPECT_EQ(keys->expires, std::nullopt);
  EXPECT_EQ(keys->principal, "container credentials");
}

TEST_F(AwsContainer, ATokenThatIsNoneNamesTheStep) {
  const auto flow = make_aws_identity_flow(choose_aws_way(pod_identity).value(), "");
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

// --- The instance.

struct AwsInstance : ::testing::Test {
  std::unique_ptr<aws_identity_flow> flow = make_aws_identity_flow(choose_aws_way({}).value(), "");

  // The error when the n-th answer (from 0) is this one and those before it are good.
  std::string refused_at(int n, const result<http::response>& outcome) {
    const std::vector<http::response> good{answer(200, "imds-token"), answer(200, "node-role")};
    flow = make_aws_identity_flow(choose_aws_way({}).value(), "");
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
    EXPECT_EQ(refused_at(0, answer(200, body)), "instance metadata: session token: the answer is none");

  EXPECT_EQ(refused_at(1, timed_out), "instance metadata: role name: host:443: no answer in time");
  EXPECT_EQ(refused_at(1, answer(404, "")), "instance metadata: role name: the instance has no role");
  EXPECT_EQ(refused_at(1, answer(401, "imds-token")), "instance metadata: role name: HTTP 401");
  for (const std::string& body : {std::string(), std::string("\nrole"), std::string("../../x"), std::string(".."),
                                  std::string("a/b"), std::string("a?b"), std::string("<html>"), std::string(65, 'a')})
    EXPECT_EQ(refused_at(1, answer(200, body)), "instance metadata: role name: the answer is none") << body;

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
