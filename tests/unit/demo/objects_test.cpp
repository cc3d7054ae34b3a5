#include <pinhook/demo/objects.hpp>

#include <pinhook/base/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::demo {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string object = make_deployment("d", 2, {{"setup", "m:1"}, {"web", "w:1"}});

std::string answer(std::string_view response) {
  return R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":)" + std::string(response) + "}";
}

TEST(DemoObjects, DeploymentsHoldTheirImages) {
  ASSERT_TRUE(json::parse(object)) << object;
  EXPECT_THAT(images_of(object), ElementsAre(container_image{"setup", "m:1"}, container_image{"web", "w:1"}));
  EXPECT_TRUE(images_of("{}").empty());
  EXPECT_TRUE(images_of("no JSON").empty());
}

TEST(DemoObjects, ApplyingKeepsWhatOthersWrote) {
  const std::string stored = R"({"metadata":{"annotations":{"a":"b"}},"spec":{"x":1}})";
  EXPECT_EQ(with_spec_of(stored, R"({"metadata":{},"spec":{"x":2}})"),
            R"({"metadata":{"annotations":{"a":"b"}},"spec":{"x":2}})");
}

TEST(DemoObjects, TemplatesCompareAsText) {
  EXPECT_EQ(template_of(object), template_of(make_deployment("d", 5, {{"setup", "m:1"}, {"web", "w:1"}})));
  EXPECT_NE(template_of(object), template_of(make_deployment("d", 2, {{"web", "w:1"}})));
}

TEST(DemoObjects, ReviewsAreThoseOfAnApiServer) {
  const auto create = json::parse(make_review("u", object, {}));
  ASSERT_TRUE(create);
  const auto* request = json::find(*create, "request");
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(json::find_string(*create, "apiVersion"), "admission.k8s.io/v1");
  EXPECT_EQ(json::find_string(*request, "operation"), "CREATE");
  EXPECT_EQ(json::find_string(*request, "name"), "d");
  EXPECT_TRUE(json::find(*request, "oldObject")->IsNull());
  const auto update = json::parse(make_review("u", object, object));
  ASSERT_TRUE(update);
  EXPECT_EQ(json::find_string(*json::find(*update, "request"), "operation"), "UPDATE");
}

TEST(DemoObjects, AppliesThePatch) {
  // [{"op":"replace","path":"/spec/replicas","value":3},{"op":"add","path":"/metadata/annotations","value":{"a~/b":"c"}}]
  const auto read = read_answer(
      answer(
          R"({"uid":"u","allowed":true,"patchType":"JSONPatch","warnings":["careful"],"patch":")"
          "W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9zcGVjL3JlcGxpY2FzIiwidmFsdWUiOjN9LHsib3AiOiJhZGQiLCJwYXRoIjoiL21ldGFkYX"
          "RhL2Fubm90YXRpb25zIiwidmFsdWUiOnsiYX4vYiI6ImMifX1d"
          R"("})"),
      "u", object);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->allowed);
  EXPECT_EQ(read->operations, 2U);
  EXPECT_THAT(read->warnings, ElementsAre("careful"));
  EXPECT_THAT(read->object, HasSubstr(R"("replicas":3)"));
  EXPECT_THAT(read->object, HasSubstr(R"("annotations":{"a~/b":"c"})"));
}

TEST(DemoObjects, ReadsADenial) {
  const auto read = read_answer(answer(R"({"uid":"u","allowed":false,"status":{"message":"no"}})"), "u", object);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(read->allowed);
  EXPECT_EQ(read->message, "no");
  EXPECT_EQ(read->object, object);
}

TEST(DemoObjects, RefusesWhatNoApiServerWouldTake) {
  for (const std::string& body :
       {std::string("no JSON"), std::string("{}"), answer("null"), answer(R"({"uid":"other","allowed":true})"),
        answer(R"({"uid":"u"})"), answer(R"({"uid":"u","allowed":true,"patch":"W10="})"),
        answer(R"({"uid":"u","allowed":true,"patchType":"JSONPatch","patch":"?"})"),
        // {}
        answer(R"({"uid":"u","allowed":true,"patchType":"JSONPatch","patch":"e30="})"),
        // [{"op":"replace","path":"/nothing","value":1}]
        answer(R"({"uid":"u","allowed":true,"patchType":"JSONPatch",)"
               R"("patch":"W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9ub3RoaW5nIiwidmFsdWUiOjF9XQ=="})"),
        // [{"op":"remove","path":"/spec"}]
        answer(R"({"uid":"u","allowed":true,"patchType":"JSONPatch",)"
               R"("patch":"W3sib3AiOiJyZW1vdmUiLCJwYXRoIjoiL3NwZWMifV0="})")}) {
    const auto read = read_answer(body, "u", object);
    ASSERT_FALSE(read) << body;
    EXPECT_EQ(read.error().code, error_code::malformed) << body;
  }
}

}  // namespace
}  // namespace pinhook::demo
