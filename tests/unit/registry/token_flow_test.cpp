// One token: by GET or POST, and the answers of token servers. No network, no coroutine.
#include <pinhook/registry/token_flow.hpp>

#include "support/fake_http_client.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pinhook::registry {
namespace {

using testing::respond;

credential user() {
  return {credential_kind::basic, "alice", secret("pa55word"), "config.json: r.example", "id-alice"};
}
credential identity_token() {
  return {credential_kind::identity_token, "", secret("refresh-me"), "config.json: r.example", "id-refresh"};
}

token_request for_token(const std::string& realm = "https://auth.example/token") {
  return {{"https://r.example:443", realm, "r.example", "repository:acme/api:pull", "id"},
          *web_url::parse(realm),
          {},
          http::trusting("/ca.pem"),
          "r.example",
          "acme/api"};
}

const wall_time now{};

http::request message(token_step step) {
  EXPECT_TRUE(std::holds_alternative<http::request>(step));
  return std::get<http::request>(std::move(step));
}

TEST(TokenFlow, AnonymousAsksByGetWithoutAuthorization) {
  token_flow flow(for_token(), {}, now);
  const auto r = message(flow.start());
  EXPECT_EQ(r.verb, http::method::get);
  EXPECT_EQ(r.url, "https://auth.example/token?service=r.example&scope=repository%3Aacme%2Fapi%3Apull");
  EXPECT_FALSE(r.authorization);
  EXPECT_EQ(http::find_header(r.headers, "Accept"), "application/json");
  EXPECT_EQ(r.limits.body, std::size_t{64} * 1024);
  ASSERT_TRUE(r.tls);
  EXPECT_EQ(r.tls->authorities.at(0).file, "/ca.pem");
}

TEST(TokenFlow, UserAndPasswordGoByGetWithBasic) {
  token_flow flow(for_token(), user(), now);
  const auto r = message(flow.start());
  EXPECT_EQ(r.verb, http::method::get);
  ASSERT_TRUE(r.authorization);
  EXPECT_EQ(r.authorization->reveal(), "Basic YWxpY2U6cGE1NXdvcmQ=");
  EXPECT_EQ(r.url.find("pa55word"), std::string::npos);
}

TEST(TokenFlow, TheRealmsOwnQueryStays) {
  token_flow flow(for_token("https://auth.example/token?tenant=7&x"), {}, now);
  EXPECT_EQ(message(flow.start()).url,
            "https://auth.example/token?tenant=7&x&service=r.example&scope=repository%3Aacme%2Fapi%3Apull");
  auto bare = for_token();
  bare.key.service.clear();
  bare.key.scope.clear();
  token_flow without(bare, {}, now);
  EXPECT_EQ(message(without.start()).url, "https://auth.example/token");
}

TEST(TokenFlow, ServiceCannotAddParametersOfItsOwn) {
  auto sly = for_token();
  sly.key.service = "a&scope=repository:other:pull #\"";
  token_flow flow(sly, {}, now);
  EXPECT_EQ(message(flow.start()).url,
            "https://auth.example/"
            "token?service=a%26scope%3Drepository%3Aother%3Apull%20%23%22&scope=repository%3Aacme%2Fapi%3Apull");
}

TEST(TokenFlow, IdentityTokensGoByPost) {
  token_flow flow(for_token(), identity_token(), now);
  const auto r = message(flow.start());
  EXPECT_EQ(r.verb, http::method::post);
  EXPECT_EQ(r.url, "https://auth.example/token");
  EXPECT_FALSE(r.authorization);
  ASSERT_TRUE(r.body);
  EXPECT_EQ(r.body->reveal(),
            "grant_type=refresh_token&service=r.example&client_id=pinhook&scope=repository%3Aacme%2Fapi%3Apull&"
            "refresh_token=refresh-me");
  EXPECT_EQ(http::find_header(r.headers, "Content-Type"), "application/x-www-form-urlencoded");
}

TEST(TokenFlow, WhereThereIsNoPostTheIdentityTokenGoesByGetOnce) {
  for (const int status : {400, 401, 404, 405}) {
    token_flow flow(for_token(), identity_token(), now);
    (void)flow.start();
    const auto r = message(flow.next(respond(status, {}, "no such thing")));
    EXPECT_EQ(r.verb, http::method::get);
    ASSERT_TRUE(r.authorization);
    EXPECT_EQ(r.authorization->reveal(), "Basic PHRva2VuPjpyZWZyZXNoLW1l");
    // When that fails as well, the POST's words explain.
    const auto last = flow.next(respond(401));
    ASSERT_TRUE(std::holds_alternative<error>(last));
    EXPECT_NE(std::get<error>(last).message.find("no such thing"), std::string::npos);
  }
  token_flow flow(for_token(), identity_token(), now);
  (void)flow.start();
  EXPECT_TRUE(std::holds_alternative<error>(flow.next(respond(403))));
}

TEST(TokenFlow, UserAndPasswordAreNotTriedTwice) {
  token_flow flow(for_token(), user(), now);
  (void)flow.start();
  const auto last = flow.next(respond(401, {}, R"({"details":"incorrect username or password"})"));
  ASSERT_TRUE(std::holds_alternative<error>(last));
  const auto& e = std::get<error>(last);
  EXPECT_EQ(e.code, error_code::unauthorized);
  EXPECT_EQ(e.message,
            "auth.example, the token server of registry r.example, refused to give a token for repository \"acme/api\" "
            "(401: \"incorrect username or password\"). The credentials used were: config.json: r.example");
}

TEST(TokenFlow, RedirectsAreNotFollowed) {
  for (const int status : {301, 302, 303, 307, 308}) {
    token_flow flow(for_token(), user(), now);
    (void)flow.start();
    const auto last = flow.next(respond(status, {{"Location", "https://evil.example/"}}));
    ASSERT_TRUE(std::holds_alternative<error>(last));
    EXPECT_EQ(std::get<error>(last).code, error_code::malformed);
  }
}

TEST(TokenFlow, StatusesHaveTheirErrors) {
  for (const auto& [status, code] : {std::pair{403, error_code::denied},
                                     {404, error_code::not_found},
                                     {406, error_code::malformed},
                                     {429, error_code::rate_limited},
                                     {503, error_code::unavailable},
                                     {204, error_code::malformed}}) {
    token_flow flow(for_token(), {}, now);
    (void)flow.start();
    const auto last = flow.next(respond(status, {{"Retry-After", "5"}}));
    ASSERT_TRUE(std::holds_alternative<error>(last)) << status;
    EXPECT_EQ(std::get<error>(last).code, code);
    EXPECT_EQ(std::get<error>(last).retry_after, std::chrono::seconds(5));
  }
}

std::string token_of(const std::string& body) {
  const auto token = parse_token(body);
  if (!token) return std::string(to_string(token.error().code));
  return token->token.reveal() + " " + std::to_string(token->lifetime.count());
}

TEST(ParseToken, ReadsWhatServersSend) {
  EXPECT_EQ(token_of(R"({"token":"abc"})"), "abc 60");
  EXPECT_EQ(token_of(R"({"access_token":"abc","expires_in":300,"issued_at":"2099-01-01T00:00:00Z"})"), "abc 300");
  EXPECT_EQ(token_of(R"({"token":"a","access_token":"b"})"), "b 60");
  EXPECT_EQ(token_of(R"({"token":"a","access_token":""})"), "a 60");
}

TEST(ParseToken, LessThanSixtySecondsCountsAsSixty) {
  for (const char* lifetime : {"59", "1", "0", "-7", "null", "\"300\"", "1.5", "99999999999999999999"})
    EXPECT_EQ(token_of(R"({"token":"a","expires_in":)" + std::string(lifetime) + "}"), "a 60") << lifetime;
  EXPECT_EQ(token_of(R"({"token":"a","expires_in":9223372036854775807})"), "a 43200");
}

TEST(ParseToken, NamesAreComparedWithCase) {
  EXPECT_EQ(token_of(R"({"Token":"cloud-credential","AccessKeyId":"A"})"), "malformed");
  EXPECT_EQ(token_of(R"({"TOKEN":"x","Access_Token":"y"})"), "malformed");
}

TEST(ParseToken, RefusesWhatNoHeaderMayHold) {
  for (const char* token : {R"(a\r\nX-Evil: 1)", R"(a\u0000b)", R"(a b)", R"(\u00e9)", R"(a\tb)", R"(\u007f)"})
    EXPECT_EQ(token_of(R"({"token":")" + std::string(token) + "\"}"), "malformed") << token;
}

TEST(ParseToken, SixteenKibibytesAndNoMore) {
  const std::string most(max_token_size, 'x');
  EXPECT_EQ(token_of(R"({"token":")" + most + "\"}"), most + " 60");
  EXPECT_EQ(token_of(R"({"token":")" + most + "x\"}"), "malformed");
}

TEST(ParseToken, RefusesWhatIsNoToken) {
  for (const char* body : {"", "{}", "[]", "null", "<html>", R"({"token":1})", R"({"token":null})", R"({"token":""})",
                           R"({"data":{"token":"x"}})", R"({"token":"x")"})
    EXPECT_EQ(token_of(body), "malformed") << body;
  EXPECT_EQ(token_of(R"({"token":"x","y":)" + std::string(40, '[') + std::string(40, ']') + "}"), "malformed");
}

}  // namespace
}  // namespace pinhook::registry
