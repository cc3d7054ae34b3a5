#include <pinhook/console/object_text.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/yaml/document.hpp>

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::console {
namespace {

using place = object_text::place;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string lines(const std::string& json) {
  const auto out = object_text_of(json, {});
  return out ? fmt::format("{}", fmt::join(out->lines, "\n")) : out.error().message;
}

TEST(ObjectText, IsTheObjectAsYaml) {
  const std::string text =
      R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","managedFields":[{"manager":"x"}],
"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","a/b":"c: d"},"labels":{}},
"spec":{"replicas":3,"paused":false,"ratio":0.5,"none":null,"template":{"spec":{"containers":[
{"name":"web","image":"nginx:1.25","args":["--x","1","",["y",{"z":1}],[]]},{"image":"redis","name":"db"}]}}},"status":{"replicas":1}})";
  const auto out =
      object_text_of(text, {"/spec/template/spec/containers/0/image", "/spec/template/spec/containers/1/image",
                            "/spec/nothing", "/spec/template/spec/containers/0/args/0"});
  ASSERT_TRUE(out);
  EXPECT_EQ(fmt::format("{}", fmt::join(out->lines, "\n")), R"(apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations:
    a/b: "c: d"
  labels: {}
spec:
  replicas: 3
  paused: false
  ratio: 0.5
  none: null
  template:
    spec:
      containers:
        - name: web
          image: nginx:1.25
          args:
            - "--x"
            - "1"
            - ""
            -
              - "y"
              - z: 1
            - []
        - image: redis
          name: db)");
  EXPECT_THAT(out->places, ElementsAre(place{"/spec/template/spec/containers/0/image", 17},
                                       place{"/spec/template/spec/containers/0/args/0", 19},
                                       place{"/spec/template/spec/containers/1/image", 26}));
}

// What is a text stays one for a reader of YAML, and nothing leaves its line.
TEST(ObjectText, KeepsTextsAsTheyAre) {
  for (const std::string& text : {std::string("plain"),
                                  std::string("true"),
                                  std::string("No"),
                                  std::string("1.25"),
                                  std::string("0x1f"),
                                  std::string("1_000"),
                                  std::string("12:30:45"),
                                  std::string("a: b"),
                                  std::string("a #b"),
                                  std::string("- x"),
                                  std::string("<script>alert(1)</script>"),
                                  std::string("\"\\\n\t\x01"),
                                  std::string("ends:"),
                                  std::string("~"),
                                  std::string("*x"),
                                  std::string("&x"),
                                  std::string("{a}"),
                                  std::string("\xc3\xa9"),
                                  std::string(" x "),
                                  std::string("nginx@sha256:abc"),
                                  std::string("2026-11-30"),
                                  std::string("1e3"),
                                  std::string(".5")}) {
    std::string quoted;
    json::append_string(quoted, text);
    const std::string json = "{" + quoted + ":" + quoted + "}";
    const auto out = object_text_of(json, {});
    ASSERT_TRUE(out) << text;
    ASSERT_EQ(out->lines.size(), 1U) << text;
    EXPECT_EQ(out->lines[0].find('\n'), std::string::npos);
    const auto read = yaml::parse(out->lines[0], {});
    ASSERT_TRUE(read) << out->lines[0];
    const auto* value = read->find(text);
    ASSERT_NE(value, nullptr) << out->lines[0];
    EXPECT_EQ(value->text, text) << out->lines[0];
  }
}

TEST(ObjectText, RefusesWhatIsNoObject) {
  EXPECT_THAT(lines("[]"), HasSubstr("no JSON object"));
  EXPECT_FALSE(object_text_of("{", {}));
  EXPECT_FALSE(object_text_of(std::string(1'000, '['), {}));
}

TEST(ObjectText, HasALimit) {
  std::string many = R"({"a":[0)";
  for (std::size_t i = 0; i < max_object_lines + 10; ++i) many += ",0";
  EXPECT_THAT(lines(many + "]}"), HasSubstr("more than 50000 lines"));
}

}  // namespace
}  // namespace pinhook::console
