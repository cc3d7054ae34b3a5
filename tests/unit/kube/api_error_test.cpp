#include <pinhook/kube/api_error.hpp>

#include "support/fake_http_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::kube {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::respond;

const request_attributes attributes{"get", "secrets", "shop", "pull"};

std::string status(const std::string& message) {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":")" + message + "\"}";
}

error of(int code, const std::string& body = status("said"), http::headers headers = {}) {
  return from_status(attributes, respond(code, std::move(headers), body), wall_time{});
}

TEST(ApiError, GivesEachStatusItsCode) {
  const std::pair<int, error_code> table[] = {
      {100, error_code::malformed},     {302, error_code::malformed},    {307, error_code::malformed},
      {400, error_code::invalid_input}, {401, error_code::unauthorized}, {403, error_code::denied},
      {404, error_code::not_found},     {405, error_code::unsupported},  {406, error_code::unsupported},
      {408, error_code::unavailable},   {409, error_code::unavailable},  {410, error_code::not_found},
      {413, error_code::invalid_input}, {415, error_code::unsupported},  {422, error_code::invalid_input},
      {429, error_code::rate_limited},  {500, error_code::unavailable},  {503, error_code::unavailable},
      {599, error_code::unavailable},   {600, error_code::malformed}};
  for (const auto& [code, meaning] : table) {
    const error e = of(code);
    EXPECT_EQ(e.code, meaning) << code;
    EXPECT_THAT(e.message, AllOf(HasSubstr("HTTP " + std::to_string(code)), HasSubstr("it says \"said\"")));
  }
}

TEST(ApiError, SaysWhichRuleIsMissing) {
  EXPECT_THAT(of(403).message, HasSubstr("verb \"get\" on resource \"secrets\" in namespace shop"));
  const request_attributes token{"create", "serviceaccounts/token", "shop", "default"};
  EXPECT_THAT(from_status(token, respond(403, {}, status("x")), wall_time{}).message,
              HasSubstr("verb \"create\" on resource \"serviceaccounts/token\" in namespace shop"));
  // A proxy's 403 does not come from RBAC.
  EXPECT_THAT(of(403, "<html>").message, Not(HasSubstr("ClusterRole")));
}

TEST(ApiError, BelievesOnlyAnApiServerThatThereIsNone) {
  for (const char* body : {"", "404 page not found", "{}", R"({"kind":"Secret"})"}) {
    EXPECT_EQ(of(404, body).code, error_code::malformed) << body;
    EXPECT_THAT(of(404, body).message, HasSubstr("is the address correct?"));
  }
}

TEST(ApiError, BoundsAndQuotesWhatTheServerSays) {
  const error e = of(500, status("line\\n" + std::string(5000, 'x')));
  EXPECT_THAT(e.message, AllOf(HasSubstr("\\x0a"), Not(HasSubstr("\n"))));
  EXPECT_LT(e.message.size(), 1000U);
  // Larger than the limit of a Status, so it is not read.
  EXPECT_THAT(of(500, status(std::string(70000, 'x'))).message, Not(HasSubstr("it says")));
}

TEST(ApiError, KeepsWhenToComeBack) {
  EXPECT_EQ(of(429, status("x"), {{"Retry-After", "7"}}).retry_after, std::chrono::seconds(7));
  EXPECT_EQ(of(503, status("x"), {{"Retry-After", "7"}}).retry_after, std::chrono::seconds(7));
  EXPECT_EQ(of(404, status("x"), {{"Retry-After", "7"}}).retry_after, std::nullopt);
}

}  // namespace
}  // namespace pinhook::kube
