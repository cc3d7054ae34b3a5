#include <pinhook/kube/access_review.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::kube {
namespace {

using ::testing::ElementsAre;

TEST(TokenReview, AsksForTheOwner) {
  EXPECT_EQ(token_review_text(secret("a\"b")).reveal(),
            R"({"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"a\"b"}})");
}

TEST(TokenReview, TellsTheOwner) {
  const auto got = read_token_review(
      R"({"status":{"authenticated":true,"user":{"username":"jane","uid":"7","groups":["a",1,"b"],"extra":{"k":["v"]}}}})");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->name, "jane");
  EXPECT_EQ(got->uid, "7");
  EXPECT_THAT(got->groups, ElementsAre("a", "b"));
  EXPECT_EQ(got->extra, R"({"k":["v"]})");
}

TEST(TokenReview, IsRefusedUnlessItIsAcceptedInSoManyWords) {
  for (const auto* status : {R"({"status":{}})", R"({"status":{"authenticated":false,"user":{"username":"jane"}}})",
                             R"({"status":{"authenticated":"true","user":{"username":"jane"}}})",
                             R"({"status":{"authenticated":true}})", R"({"status":{"authenticated":true,"user":{}}})",
                             R"({"status":{"authenticated":true,"user":{"username":""}}})"}) {
    const auto got = read_token_review(status);
    ASSERT_FALSE(got) << status;
    EXPECT_EQ(got.error().code, error_code::unauthorized) << status;
  }
  for (const auto* status : {"", "[]", "{}", R"({"status":7})"})
    EXPECT_EQ(read_token_review(status).error().code, error_code::malformed) << status;
}

TEST(AccessReview, AsksForAPathOrAResource) {
  const reviewed_user jane{.name = "jane", .uid = "", .groups = {"a"}, .extra = R"({"k":["v"]})"};
  EXPECT_EQ(access_review_text(jane, {.verb = "get", .path = "/pinhook"}),
            R"({"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":"jane",)"
            R"("groups":["a"],"extra":{"k":["v"]},"nonResourceAttributes":{"path":"/pinhook","verb":"get"}}})");
  EXPECT_EQ(access_review_text({.name = "jane", .uid = "7", .groups = {}, .extra = ""},
                               {.verb = "list", .resource = "pods", .ns = "shop"}),
            R"({"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":"jane","uid":"7",)"
            R"("groups":[],"resourceAttributes":{"group":"","resource":"pods","namespace":"shop","verb":"list"}}})");
}

TEST(AccessReview, TellsWhetherItIsAllowed) {
  EXPECT_EQ(read_access_review(R"({"status":{"allowed":true}})"), true);
  EXPECT_EQ(read_access_review(R"({"status":{"allowed":false}})"), false);
  EXPECT_EQ(read_access_review(R"({"status":{"allowed":true,"denied":true}})"), false);
  for (const auto* body : {"", "{}", R"({"status":{}})", R"({"status":{"allowed":"true"}})"})
    EXPECT_EQ(read_access_review(body).error().code, error_code::malformed) << body;
}

}  // namespace
}  // namespace pinhook::kube
