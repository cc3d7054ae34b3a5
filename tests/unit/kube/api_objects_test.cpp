#include <pinhook/kube/api_objects.hpp>

#include <pinhook/base/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::kube {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

std::string secret_json(const std::string& rest) { return R"({"kind":"Secret","apiVersion":"v1")" + rest + "}"; }
std::string account_json(const std::string& rest) {
  return R"({"kind":"ServiceAccount","apiVersion":"v1")" + rest + "}";
}
std::string token_json(const std::string& status) {
  return R"({"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","status":)" + status + "}";
}

TEST(ApiObjects, ReadsSecrets) {
  const auto got = parse_secret(secret_json(
      R"(,"metadata":{"name":"pull"},"type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":"e30=","empty":"","none":null})"));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->type, "kubernetes.io/dockerconfigjson");
  ASSERT_EQ(got->data.size(), 3U);
  EXPECT_EQ(got->data.find(".dockerconfigjson")->second.reveal(), "{}");
  EXPECT_TRUE(got->data.find("empty")->second.is_empty());
  EXPECT_TRUE(got->data.find("none")->second.is_empty());
  for (const char* rest : {"", R"(,"data":null)", R"(,"data":{})"}) {
    const auto bare = parse_secret(secret_json(rest));
    ASSERT_TRUE(bare) << rest;
    EXPECT_TRUE(bare->data.empty());
  }
}

TEST(ApiObjects, RefusesSecretsThatAreNoneAndShowsNothingOfThem) {
  const std::pair<std::string, const char*> table[] = {
      {"hunter2", "not valid JSON"},
      {"", "not valid JSON"},
      {"[]", "not a Secret"},
      {R"({"kind":"ConfigMap","apiVersion":"v1"})", "not a Secret of v1"},
      {R"({"kind":"Secret","apiVersion":"v2"})", "not a Secret of v1"},
      {secret_json(R"(,"data":"hunter2")"), "\"data\" is not an object"},
      {secret_json(R"(,"data":{"key":"hunter2!"})"), "data \"key\" is not base64"},
      {secret_json(R"(,"data":{"key":17})"), "data \"key\" is not base64"},
      {secret_json(R"(,"data":{"key":{"hunter2":1}})"), "data \"key\" is not base64"},
  };
  for (const auto& [body, says] : table) {
    const auto got = parse_secret(body);
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().code, error_code::malformed);
    EXPECT_THAT(got.error().message, AllOf(HasSubstr(says), Not(HasSubstr("hunter2")))) << body;
  }
}

TEST(ApiObjects, HasALimit) {
  const std::string frame = secret_json(R"(,"x":"")");
  const std::string filler(max_object_size - frame.size(), 'x');
  EXPECT_TRUE(parse_secret(secret_json(R"(,"x":")" + filler + "\"")));
  EXPECT_FALSE(parse_secret(secret_json(R"(,"x":")" + filler + "x\"")));
}

TEST(ApiObjects, ReadsServiceAccounts) {
  const auto got = parse_service_account(account_json(
      R"(,"metadata":{"uid":"u-1","annotations":{"a":"b"}},"imagePullSecrets":[{"name":"two"},{},{"name":""},{"name":"one"}],"secrets":[{"name":"x"}])"));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->uid, "u-1");
  EXPECT_THAT(got->image_pull_secrets, ElementsAre("two", "one"));
  EXPECT_THAT(got->annotations, ElementsAre(Pair("a", "b")));
  const auto bare = parse_service_account(account_json(R"(,"metadata":{"annotations":null},"imagePullSecrets":null)"));
  ASSERT_TRUE(bare);
  EXPECT_TRUE(bare->image_pull_secrets.empty());
}

TEST(ApiObjects, RefusesServiceAccountsThatAreNone) {
  for (const std::string& body :
       {std::string("{}"), secret_json(""), account_json(R"(,"imagePullSecrets":{})"),
        account_json(R"(,"imagePullSecrets":["a"])"), account_json(R"(,"metadata":{"annotations":[]})"),
        account_json(R"(,"metadata":{"annotations":{"a":1}})")}) {
    const auto got = parse_service_account(body);
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().code, error_code::malformed);
  }
}

TEST(ApiObjects, AsksForTokens) {
  const std::string body = token_request("sts.\"example", std::chrono::seconds(900));
  const auto document = json::parse(body);
  ASSERT_TRUE(document) << body;
  EXPECT_EQ(json::find_string(*document, "kind"), "TokenRequest");
  EXPECT_EQ(json::find_string(*document, "apiVersion"), "authentication.k8s.io/v1");
  const auto* spec = json::find(*document, "spec");
  ASSERT_NE(spec, nullptr);
  EXPECT_EQ(json::find_integer(*spec, "expirationSeconds"), 900);
  const auto* audiences = json::find(*spec, "audiences");
  ASSERT_TRUE(audiences != nullptr && audiences->IsArray() && audiences->Size() == 1);
  EXPECT_EQ(json::text_of((*audiences)[0]), "sts.\"example");
}

TEST(ApiObjects, ReadsTokens) {
  const auto got = parse_token(token_json(R"({"token":"abc","expirationTimestamp":"2026-01-01T00:00:00Z"})"));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->token.reveal(), "abc");
  EXPECT_EQ(got->expires_at, wall_time(std::chrono::seconds(1767225600)));
  for (const std::string& body :
       {token_json("null"), token_json("{}"), token_json(R"({"token":"hunter2"})"),
        token_json(R"({"token":"","expirationTimestamp":"2026-01-01T00:00:00Z"})"),
        token_json(R"({"token":"hunter2 x","expirationTimestamp":"2026-01-01T00:00:00Z"})"),
        token_json(R"({"token":"hunter2","expirationTimestamp":"later"})"), account_json("")}) {
    const auto bad = parse_token(body);
    ASSERT_FALSE(bad) << body;
    EXPECT_EQ(bad.error().code, error_code::malformed);
    EXPECT_THAT(bad.error().message, Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace pinhook::kube
