#include <pinhook/files/chart_schema.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pinhook::files {
namespace {

std::string conflict(std::string_view schema, values_place::form takes = values_place::form::tag) {
  const bool is_tag = takes == values_place::form::tag;
  return judge_schema(schema, {{"app", "image"}, "repository", is_tag ? "tag" : "digest", takes}).conflict;
}

// The schema of app.image.tag and app.image.digest.
std::string of_image(std::string_view tag, std::string_view digest = "{}") {
  return R"({"properties": {"app": {"properties": {"image": {"properties": {"tag": )" + std::string(tag) +
         R"(, "digest": )" + std::string(digest) + "}}}}}}";
}

TEST(ChartSchema, FindsRestrictionsThatForbidADigestInTheTag) {
  struct schema_case {
    std::string_view tag;
    std::string_view expected;
  };
  const schema_case cases[] = {
      {R"({"type": "string"})", ""},
      {"{}", ""},
      {"true", ""},
      {R"({"pattern": "^v[0-9.]+$"})", R"(values.schema.json allows only "^v[0-9.]+$" there)"},
      {R"({"pattern": "^[^@]+$"})", ""},  // it names the character: it is not executed
      {R"({"pattern": ".*"})", ""},
      {R"({"pattern": "^v[0-9.]+(@sha256:[a-f0-9]{64})?$"})", ""},
      {R"({"enum": ["v1", "v2"]})", "values.schema.json lists the allowed values"},
      {R"({"const": "v1"})", "values.schema.json lists the allowed values"},
      {R"({"maxLength": 63})", "values.schema.json allows 63 characters there"},
      {R"({"maxLength": 128})", ""},
      {R"({"anyOf": [{"type": "null"}, {"maxLength": 20}]})", "values.schema.json allows 20 characters there"},
  };
  for (const schema_case& one : cases) EXPECT_EQ(conflict(of_image(one.tag)), one.expected) << one.tag;
}

TEST(ChartSchema, FindsRestrictionsThatForbidADigestOfItsOwn) {
  using enum values_place::form;
  EXPECT_EQ(conflict(of_image("{}", R"({"pattern": "^(sha256:[a-f0-9]{64})?$"})"), digest), "");
  EXPECT_EQ(conflict(of_image("{}", R"({"pattern": "^[a-f0-9]*$"})"), hex), "");
  EXPECT_NE(conflict(of_image("{}", R"({"pattern": "^$"})"), digest), "");
  EXPECT_NE(conflict(of_image("{}", R"({"maxLength": 0})"), digest), "");
  EXPECT_EQ(conflict(of_image("{}", R"({"maxLength": 64})"), hex), "");
  EXPECT_NE(conflict(of_image("{}", R"({"maxLength": 64})"), digest), "");
}

TEST(ChartSchema, FollowsReferencesAndKeysOfAnyName) {
  const std::string_view tag = R"({"properties": {"tag": {"pattern": "^v"}}})";
  for (const std::string schema :
       {R"({"definitions": {"i": %}, "properties": {"app": {"properties": {"image": {"$ref": "#/definitions/i"}}}}})",
        R"({"$defs": {"i": %}, "additionalProperties": {"properties": {"image": {"$ref": "#/$defs/i"}}}})",
        R"({"patternProperties": {"^a": {"properties": {"image": {"allOf": [%]}}}}})"}) {
    std::string text = schema;
    text.replace(text.find('%'), 1, tag);
    EXPECT_NE(conflict(text), "") << text;
  }
}

TEST(ChartSchema, EndsOnSchemasThatReferToThemselves) {
  EXPECT_EQ(conflict(R"({"$ref": "#"})"), "");
  EXPECT_EQ(conflict(R"({"allOf": [{"$ref": "#"}, {"$ref": "#"}]})"), "");
  EXPECT_EQ(conflict(R"({"$ref": "#/nowhere/at/all"})"), "");
  EXPECT_EQ(conflict("no schema: ["), "");
  EXPECT_EQ(conflict(""), "");
}

}  // namespace
}  // namespace pinhook::files
