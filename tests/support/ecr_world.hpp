// The fixture of the tests of ECR's credentials: AWS in memory. `web` plays STS and ECR, `local` the agents and the
// metadata service; the clock is fixed.
#pragma once

#include "support/certificates.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/run.hpp"
#include "support/settle_reads.hpp"
#include "support/token_server.hpp"

#include <pinhook/cloud/ecr_credentials.hpp>

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {

inline registry::reference ref(std::string_view text) { return registry::reference::parse(text).value(); }

inline constexpr const char* image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app:1";
inline constexpr const char* api = "POST https://api.ecr.eu-central-1.amazonaws.com/";
inline constexpr const char* public_api = "POST https://api.ecr-public.us-east-1.amazonaws.com/";
inline constexpr const char* sts = "POST https://sts.eu-central-1.amazonaws.com/";
inline constexpr const char* imds = "http://127.0.0.1:1338";

struct ecr_world : ::testing::Test {
  fake_clock time;
  asio::io_context io{1};
  fake_http_client web{time};    // STS and ECR
  fake_http_client local{time};  // agents and the metadata service
  temporary_directory folder;
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

  std::shared_ptr<cloud::ecr_credentials> make(const environment& env) {
    return std::make_shared<cloud::ecr_credentials>(web, local, io.get_executor(), time, env);
  }
  result<std::vector<registry::credential>> ask(cloud::ecr_credentials& from, const char* image_text = image) {
    return run_on(io, from.credentials_for(ref(image_text), deadline::after(time.now(), std::chrono::seconds(10))));
  }
  // The password, or the error's message, which must not contain a secret.
  std::string asked(cloud::ecr_credentials& from, const char* image_text = image) {
    const auto got = ask(from, image_text);
    if (got) return got->empty() ? "none" : got->front().secret.reveal();
    for (const char* text : {"hunter2", "secret-key", "session-token", "imds-token", "hunter3"})
      EXPECT_EQ(got.error().message.find(text), std::string::npos) << got.error().message;
    EXPECT_TRUE(got.error().message.starts_with("Amazon ECR: ")) << got.error().message;
    return got.error().message;
  }
  // Runs the renewals that follow the answers, and their reads.
  void settle() { settle_reads(io); }

  std::string utc(std::chrono::seconds from_now) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time.wall() + from_now)));
  }
  // With the clock of the service, when that of the test is another.
  http::response dated(http::response r, std::chrono::seconds from_now) {
    r.headers.push_back(
        {"Date", fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                             fmt::gmtime(std::chrono::system_clock::to_time_t(time.wall() + from_now)))});
    return r;
  }
  http::response password(const std::string& text, std::chrono::seconds life = std::chrono::hours(12)) {
    const auto ends = std::chrono::duration_cast<std::chrono::seconds>((time.wall() + life).time_since_epoch()).count();
    return respond(200, {},
                   fmt::format(R"({{"authorizationData":[{{"authorizationToken":"{}","expiresAt":{}.5}}]}})",
                               base64("AWS:" + text), ends));
  }
  http::response public_password(const std::string& text) {
    return respond(200, {},
                   fmt::format(R"({{"authorizationData":{{"authorizationToken":"{}","expiresAt":1.7672688E9}}}})",
                               base64("AWS:" + text)));
  }
  http::response sts_keys(std::chrono::seconds life = std::chrono::hours(1)) {
    return respond(200, {},
                   fmt::format("<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
                               "<AccessKeyId>ASIAWEB</AccessKeyId><SecretAccessKey>secret-key</SecretAccessKey>"
                               "<SessionToken>session-token</SessionToken><Expiration>{}</Expiration></Credentials>"
                               "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
                               utc(life)));
  }
  http::response agent_keys(std::chrono::seconds life = std::chrono::hours(1)) {
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

}  // namespace pinhook::testing
