#include <pinhook/server/routes.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace pinhook::server {
namespace {

using ::testing::HasSubstr;

constexpr std::array<route, 3> table{
    {{"POST", "/v1/pin/enforce", "application/json", 7}, {"GET", "/livez", "", 1}, {"POST", "/livez", "", 2}}};

unsigned status_of(std::string_view method, std::string_view path, std::string_view type) {
  const auto found = find_route(table, method, path, type);
  return found ? 200 : found.error().status;
}

TEST(Routes, FindsTheHandler) {
  const auto found = find_route(table, "POST", "/v1/pin/enforce", "application/json");
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)->handler, 7U);
  EXPECT_EQ((*find_route(table, "POST", "/livez", ""))->handler, 2U);
}

TEST(Routes, MediaTypeWithoutParametersAndCase) {
  for (const auto* type : {"application/json", "Application/JSON", "application/json; charset=utf-8",
                           "application/json ;charset=utf-8", " application/json"})
    EXPECT_EQ(status_of("POST", "/v1/pin/enforce", type), 200U) << type;
  for (const auto* type : {"", ";", "application/jsonx", "text/json", "application/yaml", "application"})
    EXPECT_EQ(status_of("POST", "/v1/pin/enforce", type), 415U) << type;
  EXPECT_EQ(status_of("GET", "/livez", "anything"), 200U);
}

TEST(Routes, SaysWhichMediaTypeWasSent) {
  EXPECT_THAT(find_route(table, "POST", "/v1/pin/enforce", "").error().reason, HasSubstr("was sent none"));
  EXPECT_THAT(find_route(table, "POST", "/v1/pin/enforce", "a\nb").error().reason, HasSubstr("\"a\\x0ab\""));
}

TEST(Routes, UnknownPathListsTheKnownOnes) {
  for (const auto* path : {"/", "", "/v1/pin/enforce/", "/V1/pin/enforce", "/v1/pin", "*"}) {
    const auto found = find_route(table, "POST", path, "application/json");
    ASSERT_FALSE(found) << path;
    EXPECT_EQ(found.error().status, 404U);
    EXPECT_THAT(found.error().reason, HasSubstr("POST /v1/pin/enforce"));
  }
}

TEST(Routes, WrongMethodNamesTheRightOnes) {
  const auto found = find_route(table, "DELETE", "/livez", "");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().status, 405U);
  EXPECT_EQ(found.error().allow, "GET, HEAD, POST");
  EXPECT_EQ(find_route(table, "GET", "/v1/pin/enforce", "").error().allow, "POST");
  EXPECT_EQ(status_of("post", "/livez", ""), 405U) << "methods are case sensitive";
}

TEST(Routes, StarTakesWhatIsBelow) {
  constexpr std::array<route, 2> below{{{"GET", "/v2/exact", "", 1}, {"GET", "/v2/*", "", 2}}};
  EXPECT_EQ((*find_route(below, "GET", "/v2/exact", ""))->handler, 1U);
  EXPECT_EQ((*find_route(below, "GET", "/v2/exact/more", ""))->handler, 2U);
  EXPECT_EQ((*find_route(below, "GET", "/v2/", ""))->handler, 2U);
  EXPECT_EQ(find_route(below, "GET", "/v2", "").error().status, 404U);
  EXPECT_EQ(find_route(below, "GET", "/v20", "").error().status, 404U);
  EXPECT_EQ(find_route(below, "POST", "/v2/a", "").error().allow, "GET, HEAD");
}

TEST(Routes, GetAnswersHead) { EXPECT_EQ(status_of("HEAD", "/livez", ""), 200U); }

TEST(Routes, RefusalIsTextWithAReason) {
  const auto r = to_response({405, "not so", "GET"});
  EXPECT_EQ(r.status, 405U);
  EXPECT_EQ(r.body, "not so\n");
  EXPECT_THAT(r.content_type, HasSubstr("text/plain"));
  ASSERT_EQ(r.headers.size(), 1U);
  EXPECT_EQ(r.headers[0].first, "Allow");
}

}  // namespace
}  // namespace pinhook::server
