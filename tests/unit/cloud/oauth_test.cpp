#include <pinhook/cloud/oauth.hpp>

#include "support/fake_http_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::cloud {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::respond;

const wall_time now{std::chrono::seconds(1'767'225'600)};
const token_step step{"Cloud: step", {secret("sent-secret"), secret("x")}};

error refusal(int status, const std::string& body, http::headers headers = {}) {
  return refused(step, respond(status, std::move(headers), body), now);
}

TEST(OAuth, FormsAreEncoded) {
  form f;
  f.add("a", "x y&z=/+~").add("empty", "").add("b", "\xc3\xb6");
  EXPECT_EQ(f.text(), "a=x%20y%26z%3D%2F%2B~&b=%C3%B6");
  const http::request r = form_request("https://x.example/t", f);
  EXPECT_EQ(r.verb, http::method::post);
  EXPECT_EQ(r.url, "https://x.example/t");
  EXPECT_EQ(http::find_header(r.headers, "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(http::find_header(r.headers, "Accept"), "application/json");
  EXPECT_EQ(r.body->reveal(), f.text());
}

TEST(OAuth, RefusalsSayWhatThePeerSaid) {
  struct row {
    std::string body, message;
  };
  for (const auto& [body, message] : {
           row{R"({"error":"invalid_grant","error_description":"too\n old"})",
               R"(Cloud: step: HTTP 400, "invalid_grant": "too old")"},
           row{R"({"error":"invalid_grant"})", R"(Cloud: step: HTTP 400, "invalid_grant")"},
           row{R"({"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}})",
               R"(Cloud: step: HTTP 400, "PERMISSION_DENIED": "no")"},
           row{R"({"errors":[{"code":"UNAUTHORIZED","message":"who"}]})",
               R"(Cloud: step: HTTP 400, "UNAUTHORIZED": "who")"},
           row{R"({"Error":"case","ERROR_DESCRIPTION":"counts"})", "Cloud: step: HTTP 400"},
           row{R"({"error":7})", "Cloud: step: HTTP 400"},
           row{R"({"errors":[]})", "Cloud: step: HTTP 400"},
           row{"", "Cloud: step: HTTP 400"},
           row{"plain\x01 text", R"(Cloud: step: HTTP 400, "plain\x01 text")"},
       })
    EXPECT_EQ(refusal(400, body).message, message) << body;
}

TEST(OAuth, WordsAreBoundedAndHoldNoSecret) {
  const std::string twice = "sent-secret, sent-secret";
  for (const std::string& body :
       {twice, R"({"error":"e","error_description":")" + twice + "\"}", R"({"error":")" + twice + "\"}"}) {
    const std::string message = refusal(400, body).message;
    EXPECT_THAT(message, Not(HasSubstr("sent-secret"))) << body;
    EXPECT_THAT(message, HasSubstr("[redacted], [redacted]")) << body;
  }
  const std::string big(100'000, 'w');
  EXPECT_LT(refusal(400, R"({"error":")" + big + R"(","error_description":")" + big + "\"}").message.size(), 400U);
  EXPECT_LT(refusal(400, big).message.size(), 400U);
}

TEST(OAuth, StatusesBecomeCodes) {
  struct row {
    int status;
    error_code code;
  };
  for (const auto& [status, code] :
       {row{302, error_code::malformed}, row{201, error_code::malformed}, row{400, error_code::denied},
        row{401, error_code::denied}, row{403, error_code::denied}, row{404, error_code::denied},
        row{408, error_code::unavailable}, row{410, error_code::unavailable}, row{429, error_code::rate_limited},
        row{500, error_code::unavailable}, row{503, error_code::unavailable}, row{600, error_code::malformed}})
    EXPECT_EQ(refusal(status, "").code, code) << status;
  EXPECT_EQ(refusal(429, "", {{"Retry-After", "7"}}).retry_after, 7s);
  EXPECT_THAT(refusal(307, "x").message, HasSubstr("not followed"));
}

result<access_token> read(const std::string& body) { return read_access_token(step, respond(200, {}, body), now); }

TEST(OAuth, ReadsTokens) {
  for (const char* body :
       {R"({"access_token":"t","expires_in":3599})", R"({"access_token":"t","expires_in":"3599"})"}) {
    const auto got = read(body);
    ASSERT_TRUE(got) << body;
    EXPECT_EQ(got->token.reveal(), "t");
    EXPECT_EQ(got->life, 3599s);
  }
  EXPECT_EQ(read(R"({"access_token":"t","expires_in":99999999999})")->life, 24h);
  EXPECT_TRUE(read(R"({"access_token":")" + std::string(max_access_token_size, 't') + R"(","expires_in":1})"));
}

TEST(OAuth, RefusesAnswersThatAreNone) {
  for (const std::string& body :
       {std::string(), std::string("t"), std::string("[]"), std::string("{}"), std::string(R"({"expires_in":1})"),
        std::string(R"({"Access_Token":"t","expires_in":1})"), std::string(R"({"access_token":"","expires_in":1})"),
        std::string(R"({"access_token":7,"expires_in":1})"), std::string(R"({"access_token":"a b","expires_in":1})"),
        std::string(R"({"access_token":"a\r\nX: 1","expires_in":1})"), std::string(R"({"access_token":"token-xyz"})"),
        std::string(R"({"access_token":"token-xyz","Expires_In":1})"),
        std::string(R"({"access_token":"token-xyz","expires_in":"1x"})"),
        std::string(R"({"access_token":"token-xyz","expires_in":""})"),
        std::string(R"({"access_token":"token-xyz","expires_in":0})"),
        std::string(R"({"access_token":"token-xyz","expires_in":-5})"),
        R"({"access_token":")" + std::string(max_access_token_size + 1, 't') + R"(","expires_in":1})"}) {
    const auto got = read(body);
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().code, error_code::malformed) << body;
    EXPECT_TRUE(got.error().message.starts_with("Cloud: step: ")) << got.error().message;
    EXPECT_THAT(got.error().message, Not(HasSubstr("token-xyz")));
  }
}

TEST(OAuth, ATransfersFailureIsTheStepsFailure) {
  const auto got = read_access_token(step, fail(error_code::timed_out, "no answer in time"), now);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error(), (error{error_code::timed_out, "Cloud: step: no answer in time", std::nullopt}));
}

TEST(OAuth, TokensAreHeldAndRenewedInTime) {
  const steady_time start(1000s);
  struct row {
    std::chrono::seconds life, until, renew;
  };
  for (const auto& [life, until, renew] :
       {row{1000s, 990s, 800s}, row{40s, 30s, 30s}, row{10s, 0s, 0s}, row{3s, 0s, 0s}, row{0s, 0s, 0s}}) {
    const token_times got = times_of(life, start);
    EXPECT_EQ(got.until, start + until) << life.count();
    EXPECT_EQ(got.renew_at, start + renew) << life.count();
  }
}

}  // namespace
}  // namespace pinhook::cloud
