#include <pinhook/cloud/azure_exchange.hpp>

#include "support/fake_http_client.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pinhook::cloud {
namespace {

using namespace std::chrono_literals;
using testing::respond;

const wall_time now{std::chrono::seconds(1'767'225'600)};
const token_step step{"Azure: token exchange at acme1.azurecr.io", {secret("azure-secret")}};

// {"alg":"none"} . payload . nothing
std::string jwt(const std::string& payload) { return "eyJhbGciOiJub25lIn0." + payload + ".sig"; }
// {"exp":1767229200}: an hour from now.
const std::string in_an_hour = jwt("eyJleHAiOjE3NjcyMjkyMDB9");

result<access_token> read(const std::string& body, int status = 200) {
  return read_exchange(step, respond(status, {}, body), now);
}

TEST(AzureExchange, ShowsTheTokenToTheRegistry) {
  const http::request r = exchange_request("acme1.azurecr.io", secret("azure-secret"), "tenant-1");
  EXPECT_EQ(r.verb, http::method::post);
  EXPECT_EQ(r.url, "https://acme1.azurecr.io/oauth2/exchange");
  EXPECT_FALSE(r.authorization);
  EXPECT_EQ(r.body->reveal(),
            "grant_type=access_token&service=acme1.azurecr.io&tenant=tenant-1&access_token=azure-secret");
  EXPECT_EQ(exchange_request("acme1.azurecr.io", secret("t"), "").body->reveal(),
            "grant_type=access_token&service=acme1.azurecr.io&access_token=t");
}

TEST(AzureExchange, ReadsTheTokenAndItsLife) {
  const auto got = read(R"({"refresh_token":")" + in_an_hour + "\"}");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->token.reveal(), in_an_hour);
  EXPECT_EQ(got->life, 3600s);
  EXPECT_EQ(read(R"({"refresh_token":"opaque"})")->life, unknown_refresh_life);
  // {"exp":1} has passed; {"exp":99999999999} is far away.
  EXPECT_EQ(read(R"({"refresh_token":")" + jwt("eyJleHAiOjF9") + "\"}")->life, 0s);
  EXPECT_EQ(read(R"({"refresh_token":")" + jwt("eyJleHAiOjk5OTk5OTk5OTk5fQ") + "\"}")->life, most_token_life);
}

TEST(AzureExchange, RefusesWhatIsNone) {
  for (const std::string& body :
       {std::string(), std::string("{}"), std::string("[]"), std::string(R"({"Refresh_Token":"x"})"),
        std::string(R"({"refresh_token":7})"), std::string(R"({"refresh_token":""})"),
        std::string(R"({"refresh_token":"a b"})"), std::string(R"({"access_token":"x"})"),
        R"({"refresh_token":")" + std::string(max_access_token_size + 1, 'x') + "\"}"}) {
    const auto got = read(body);
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().code, error_code::malformed);
  }
  const auto got = read(R"({"errors":[{"code":"UNAUTHORIZED","message":"no azure-secret here"}]})", 401);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message,
            R"(Azure: token exchange at acme1.azurecr.io: HTTP 401, "UNAUTHORIZED": "no [redacted] here")");
}

TEST(JwtExpiry, IsReadFromTheClaims) {
  EXPECT_EQ(jwt_expiry(in_an_hour), now + 1h);
  for (const std::string& text : {std::string(), std::string("a"), std::string("a.b"), std::string("a.*.c"),
                                  std::string("a.e30.c"), std::string("a..c"), jwt("eyJFeHAiOjF9") /* Exp */,
                                  jwt("eyJleHAiOiIxIn0") /* "1" */, jwt("eyJleHAiOi0xfQ"), jwt("WzFd")})
    EXPECT_FALSE(jwt_expiry(text)) << text;
}

}  // namespace
}  // namespace pinhook::cloud
