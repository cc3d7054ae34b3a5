#include <pinhook/registry/error_body.hpp>

#include "support/fake_http_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::registry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::respond;

struct row {
  std::string body;
  const char* text;
};

class ErrorBodyTable : public ::testing::TestWithParam<row> {};

TEST_P(ErrorBodyTable, IsRead) { EXPECT_EQ(read_error_body(GetParam().body).text, GetParam().text); }

INSTANTIATE_TEST_SUITE_P(
    Bodies, ErrorBodyTable,
    ::testing::Values(
        row{R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"v1"}}]})",
            R"(MANIFEST_UNKNOWN: "manifest unknown")"},
        row{R"({"errors":[{"code":"DENIED"},{"code":"UNAUTHORIZED","message":"log in"}]})",
            R"(DENIED; UNAUTHORIZED: "log in")"},
        row{R"({"errors":[{"code":"A"},{"code":"B"},{"code":"C"},{"code":"D"}]})", "A; B; C"},
        row{R"({"errors":[{"code":"A","detail":"said here"}]})", R"(A: "said here")"},
        row{R"({"errors":["just text"]})", R"("just text")"}, row{R"({"errors":"oops"})", R"("oops")"},
        row{R"({"errors":[{"code":"no code \n at all"}]})", R"("no code at all")"},
        row{R"({"errors":[42,null,[],{}]})", ""},
        // Docker Hub's and OAuth's token servers.
        row{R"({"details":"incorrect username or password"})", R"("incorrect username or password")"},
        row{R"({"error":"invalid_grant","error_description":"expired"})", R"("expired")"},
        row{R"({"message":"no"})", R"("no")"}, row{R"("bare")", R"("bare")"}, row{"{}", ""}, row{"[]", ""},
        // No JSON.
        row{"Too Many Requests\n", R"("Too Many Requests")"}, row{"", ""}, row{" \r\n\t", ""},
        row{R"({"errors":[{"code":"CUT)", R"("{\"errors\":[{\"code\":\"CUT")"},
        row{"<html><head><TITLE>502 Bad\nGateway</title></head>", R"(an HTML page titled "502 Bad Gateway")"},
        row{"\n<!doctype html><p>hello", "an HTML page"}, row{"<title>never closed", "an HTML page"},
        // A peer's text cannot steer a terminal, break a line or pretend to be ours.
        row{std::string("a\x1b[31mb\0c\xff\"", 11), R"("a\x1b[31mb\x00c\xff\"")"}));

TEST(ErrorBody, IsBoundedWhateverItsSize) {
  for (const std::string& body :
       {std::string(200'000, 'x'), "{\"errors\":[{\"code\":\"A\",\"message\":\"" + std::string(60'000, 'y') + "\"}]}",
        std::string(60'000, '['), std::string(60'000, ' ') + "x", "<title>" + std::string(60'000, 'z') + "</title>"})
    EXPECT_LT(read_error_body(body).text.size(), 1000U);
}

TEST(ErrorBody, CodesAreCompared) {
  const auto words =
      read_error_body(R"({"errors":[{"code":"DENIED","message":"Your authorization token has expired."}]})");
  EXPECT_TRUE(words.has_code("DENIED"));
  EXPECT_FALSE(words.has_code("denied"));
}

TEST(Warnings, OnlyThoseOfRegistriesAreReadOnceAndBounded) {
  const std::string first = R"(299 - "this repository moves")";
  const std::string most = "299 - " + std::string(max_warning_bytes - first.size() - 6, 'x');
  const auto r = respond(200, {{"Warning", first},
                               {"warning", first},
                               {"Warning", R"(199 - "another kind")"},
                               {"Warning", "299 - " + std::string(max_warning_bytes, 'y')},
                               {"Warning", most},
                               {"Warning", R"(299 - "no room left")"}});
  EXPECT_EQ(read_warnings(r), (std::vector<std::string_view>{first, most}));
  EXPECT_TRUE(read_warnings(respond(200)).empty());
}

const wall_time now{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};

struct status_case {
  int status;
  error_code code;
};

class FromStatus : public ::testing::TestWithParam<status_case> {};

TEST_P(FromStatus, HasItsCode) {
  const auto e = from_status({"registry r.example", "\"a:1\"", ""}, respond(GetParam().status), now);
  EXPECT_EQ(e.code, GetParam().code) << e.message;
  EXPECT_NE(e.message.find("registry r.example"), std::string::npos);
  EXPECT_NE(e.message.find(std::to_string(GetParam().status)), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Table, FromStatus,
    ::testing::Values(status_case{400, error_code::malformed}, status_case{401, error_code::unauthorized},
                      status_case{402, error_code::denied}, status_case{403, error_code::denied},
                      status_case{404, error_code::not_found}, status_case{405, error_code::malformed},
                      status_case{406, error_code::malformed}, status_case{408, error_code::unavailable},
                      status_case{410, error_code::not_found}, status_case{418, error_code::malformed},
                      status_case{429, error_code::rate_limited}, status_case{451, error_code::denied},
                      status_case{499, error_code::unavailable}, status_case{500, error_code::unavailable},
                      status_case{503, error_code::unavailable}, status_case{522, error_code::unavailable},
                      status_case{304, error_code::malformed}, status_case{0, error_code::malformed},
                      status_case{999, error_code::malformed}));

TEST(WithoutAnswers, LeavesOutWhatFromStatusPutsIn) {
  const refused_request about{"registry r.example", R"("a:1")", ""};
  for (const char* body : {"", R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]})",
                           R"({"errors":[{"code":"X","message":"a ) b \" ) c ( d"}]})",
                           "<html><title>no (404)</title></html>", "(403: x)"}) {
    const error e = from_status(about, respond(404, {}, body), now);
    EXPECT_THAT(e.message, HasSubstr(" (404"));
    EXPECT_EQ(without_answers(e.message), R"(registry r.example does not have "a:1")") << e.message;
    EXPECT_EQ(without_answers(e.message + "; mirror m: " + e.message + ". More"),
              R"(registry r.example does not have "a:1"; mirror m: registry r.example does not have "a:1". More)");
  }
  for (const char* text : {"", "a (b)", "a (40: b)", "a (4040)", "a (404: b", "a(404)", "a (404"})
    EXPECT_EQ(without_answers(text), text) << "not such an answer";
}

TEST(FromStatusMessage, TellsTheWrongScheme) {
  const refused_request plain{"registry localhost:5000", R"("a:1")", "", false, "Write https://"};
  for (const char* body : {"Client sent an HTTP request to an HTTPS server.\n",
                           "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>",
                           "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
                           "Bad Request\nThis combination of host and port requires TLS.\n"}) {
    const error e = from_status(plain, respond(400, {}, body), now);
    EXPECT_EQ(e.message, "registry localhost:5000 speaks HTTPS, but the request used plain HTTP. Write https://")
        << body;
    EXPECT_THAT(from_status({"registry r.example", R"("a:1")", ""}, respond(400, {}, body), now).message,
                Not(HasSubstr("speaks HTTPS")))
        << "asked by TLS";
    EXPECT_THAT(from_status(plain, respond(404, {}, body), now).message, Not(HasSubstr("speaks HTTPS")));
  }
  EXPECT_THAT(from_status(plain, respond(400), now).message, Not(HasSubstr("speaks HTTPS")));
}

TEST(FromStatusMessage, SaysWhoWhatWhyAndWhoAsked) {
  EXPECT_EQ(from_status({"registry ghcr.io", R"("acme/api:v2")", "config.json: ghcr.io"},
                        respond(403, {}, R"({"errors":[{"code":"DENIED","message":"denied"}]})"), now)
                .message,
            R"(registry ghcr.io does not give access to "acme/api:v2" (403: DENIED: "denied"). The credentials used )"
            "were: config.json: ghcr.io");
  EXPECT_EQ(from_status({"registry docker.io", R"("acme/api:v2")", ""}, respond(401), now).message,
            R"(registry docker.io requires other credentials for "acme/api:v2" (401). No credentials were used)");
  EXPECT_EQ(from_status({"registry docker.io", R"("library/nginx:9")", ""}, respond(404), now).message,
            R"(registry docker.io does not have "library/nginx:9" (404))");
  EXPECT_EQ(
      from_status({"registry ghcr.io", R"(repository "acme/api")", "config.json: ghcr.io", true}, respond(401), now)
          .message,
      R"(registry ghcr.io refused to give a token for repository "acme/api" (401). The credentials used were: )"
      "config.json: ghcr.io");
}

TEST(FromStatusMessage, RateLimitSaysWhen) {
  const auto e = from_status({"registry docker.io", R"("library/nginx:1")", ""},
                             respond(429, {{"Retry-After", "17"}}, "slow down"), now);
  EXPECT_EQ(e.retry_after, std::chrono::seconds(17));
  EXPECT_EQ(e.message,
            R"(registry docker.io limits the rate of requests, now for "library/nginx:1" (429: "slow down"). )"
            "It asks to wait 17 s");
}

}  // namespace
}  // namespace pinhook::registry
