#include <pinhook/cloud/aws_error.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace pinhook::cloud {
namespace {

http::response answer(int status, std::string body, http::headers headers = {}) {
  http::response r;
  r.status = status;
  r.headers = std::move(headers);
  r.body = std::move(body);
  return r;
}

TEST(AwsError, ReadsTheJsonOfServicesAndAgents) {
  struct row {
    std::string body, code, message;
  };
  for (const row& one : {
           row{R"({"__type":"AccessDeniedException","message":"no"})", "AccessDeniedException", "no"},
           {R"({"__type":"com.amazonaws.ecr#ServerException","Message":"no"})", "ServerException", "no"},
           {R"({"__type":"X:http://internal.amazon.com/coral/"})", "X", ""},
           {R"({"code":"AccessDenied","message":"no"})", "AccessDenied", "no"},
           {R"({"Code":"A","Message":"B"})", "A", "B"},
           {R"({"__type":1,"message":[]})", "Named", ""},
           {"<html>", "Named", ""},
           {"", "Named", ""},
       }) {
    const auto words = read_aws_json_error(answer(400, one.body, {{"x-amzn-errortype", "Named:http://x/"}}));
    EXPECT_EQ(words.code, one.code) << one.body;
    EXPECT_EQ(words.message, one.message) << one.body;
  }
}

TEST(AwsError, ReadsTheXmlOfSts) {
  const auto words = read_aws_xml_error(
      answer(400,
             "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>"
             "<Code>ExpiredTokenException</Code><Message>Token expired &amp; gone</Message></Error></ErrorResponse>"));
  EXPECT_EQ(words.code, "ExpiredTokenException");
  EXPECT_EQ(words.message, "Token expired & gone");
  EXPECT_EQ(read_aws_xml_error(answer(502, "<html><br></html>")).code, "");
}

TEST(AwsError, TheCodeSaysMoreThanTheStatus) {
  struct row {
    int status;
    const char* code;
    error_code means;
  };
  for (const row& one : {
           row{400, "AccessDeniedException", error_code::denied},
           {403, "AccessDenied", error_code::denied},
           {400, "UnrecognizedClientException", error_code::unauthorized},
           {403, "InvalidClientTokenId", error_code::unauthorized},
           {403, "InvalidSignatureException", error_code::unauthorized},
           {400, "ExpiredTokenException", error_code::unauthorized},
           {400, "InvalidIdentityToken", error_code::unauthorized},
           {400, "IDPCommunicationError", error_code::unavailable},
           {400, "ThrottlingException", error_code::rate_limited},
           {400, "Throttling", error_code::rate_limited},
           {400, "InvalidParameterException", error_code::malformed},
           {400, "", error_code::malformed},
           {301, "", error_code::malformed},
           {401, "", error_code::unauthorized},
           {403, "", error_code::denied},
           {404, "", error_code::not_found},
           {408, "", error_code::unavailable},
           {429, "", error_code::rate_limited},
           {500, "ServerException", error_code::unavailable},
           {503, "", error_code::unavailable},
       })
    EXPECT_EQ(aws_refusal(answer(one.status, ""), {one.code, ""}, {}).code, one.means) << one.status << ' ' << one.code;
}

TEST(AwsError, QuotesAndBoundsWhatAwsSays) {
  EXPECT_EQ(aws_refusal(answer(403, ""), {"AccessDenied", "no\nway"}, {}).message,
            R"(HTTP 403 AccessDenied: "no\x0away")");
  EXPECT_EQ(aws_refusal(answer(403, ""), {"<evil>", ""}, {}).message, R"(HTTP 403 "<evil>")");
  EXPECT_EQ(aws_refusal(answer(302, ""), {}, {}).message, "HTTP 302, a redirect, which is not followed");
  const auto long_one = aws_refusal(answer(403, ""), {std::string(500, 'c'), std::string(5000, 'm')}, {});
  EXPECT_LT(long_one.message.size(), 400U);
}

// AWS repeats the request whose signature it refuses, the session token included.
TEST(AwsError, TakesOutWhatWasSent) {
  const std::array sent{secret("key"), secret("session-token"), secret()};
  const std::string canonical =
      "The canonical string should have been POST\nx-amz-security-token:session-token\nsession-token";
  const auto refused = aws_refusal(answer(403, ""), {"InvalidSignatureException", canonical}, sent);
  EXPECT_EQ(refused.message.find("session-token"), std::string::npos) << refused.message;
  EXPECT_NE(refused.message.find("x-amz-security-token:[redacted]\\x0a[redacted]"), std::string::npos)
      << refused.message;
  // Before it is cut, so that no beginning of it is left.
  const auto cut = aws_refusal(answer(403, ""), {"X", std::string(295, 'x') + "session-token"}, sent);
  EXPECT_EQ(cut.message.find("sess"), std::string::npos) << cut.message;
}

}  // namespace
}  // namespace pinhook::cloud
