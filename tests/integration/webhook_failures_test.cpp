// A registry that fails, seen from the API server: the mode decides, the answer is in time, nothing else is disturbed.
#include "support/serve_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::testing {
namespace {

using ::testing::HasSubstr;

struct failure_row {
  const char* name;
  reply answer;
  // The message under enforce; retries are only worth it for 503 and 504.
  int code;
};

const failure_row failures[]{
    {"reset", {.act = behaviour::reset}, 503},
    {"closed", {.act = behaviour::close}, 503},
    {"hang", {.act = behaviour::hang}, 504},
    {"cut_head", {.act = behaviour::cut_head}, 503},
    {"garbage", {.act = behaviour::garbage}, 503},
    {"endless_headers", {.act = behaviour::endless_headers}, 503},
    {"endless_line", {.act = behaviour::endless_line}, 503},
    {"truncated", {.body = std::string(1000, 'x'), .act = behaviour::truncate}, 503},
    {"endless_body", {.act = behaviour::endless_body}, 503},
    {"wrong_type", {.headers = {{"Content-Type", "text/html"}}, .body = "<title>Sign in</title>"}, 503},
    {"in_trouble", {.status = 500, .body = "oops"}, 503},
    {"limited", {.status = 429, .headers = {{"Retry-After", "1"}}}, 503},
    {"not_found", {.status = 404}, 403},
    {"forbidden", {.status = 403}, 403},
};

class WebhookFailures : public ServeProcess, public ::testing::WithParamInterface<failure_row> {};

TEST_P(WebhookFailures, TheModeDecidesAndTheNextRequestWorks) {
  const auto& failure = GetParam();
  for (const char* method : {"HEAD", "GET"}) registry_.on(method, "/v2/a/manifests/1", failure.answer);
  scripted_server healthy;
  healthy.on("HEAD", "/v2/a/manifests/1", digest_reply());
  name_registries({registry_.host(), healthy.host()});
  start();
  https_client c(port_);

  const auto strict = c.ask(review_request("/v1/pin/enforce?timeout=2s"));
  const auto denied = answer(strict);
  EXPECT_FALSE(denied.allowed);
  EXPECT_EQ(denied.operations, 0U);
  ASSERT_TRUE(strict);
  const auto body = json::parse(strict->body);
  ASSERT_TRUE(body) << strict->body;
  const auto* status = json::find(*json::find(*body, "response"), "status");
  ASSERT_NE(status, nullptr) << strict->body;
  EXPECT_EQ(json::find_integer(*status, "code"), failure.code) << strict->body;
  const auto message = json::find_string(*status, "message").value_or("");
  EXPECT_THAT(std::string(message), HasSubstr("container web, image \"" + registry_.host() + "/a:1\": "));

  const auto easy = answer(c.ask(review_request("/v1/pin/best-effort?timeout=2s")));
  EXPECT_TRUE(easy.allowed);
  EXPECT_EQ(easy.operations, 0U);
  EXPECT_EQ(easy.warnings.size(), 1U);

  const auto audited = answer(c.ask(review_request("/v1/pin/audit?timeout=2s")));
  EXPECT_TRUE(audited.allowed);
  EXPECT_EQ(audited.operations, 0U);

  // The same connection, another registry: no trace of the trouble.
  const auto next = c.ask(review_request("/v1/pin/enforce?timeout=2s", healthy.host()));
  ASSERT_TRUE(next);
  EXPECT_THAT(next->body, HasSubstr(R"("allowed":true)"));
  EXPECT_THAT(next->body, HasSubstr(R"("patch":)"));
  EXPECT_EQ(end(), 0) << process_->errors();
}

INSTANTIATE_TEST_SUITE_P(Each, WebhookFailures, ::testing::ValuesIn(failures),
                         [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace pinhook::testing
