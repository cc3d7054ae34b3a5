#include <pinhook/pipeline/resource_list.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

using ::testing::HasSubstr;

const std::string head = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n";

function_result made_result(result_severity severity, const std::string& message) {
  function_result out;
  out.severity = severity;
  out.message = message;
  return out;
}

std::string written(const std::string& text, const std::vector<function_result>& results) {
  const auto out = with_results(text, results);
  return out ? *out : "error: " + out.error().message;
}

std::string refusal(const std::string& text) {
  const auto list = resource_list::read(text);
  if (!list) return list.error().message;
  const auto config = list->config();
  return config ? "" : config.error().message;
}

function_config config_of(const std::string& config) {
  const std::string text = head + "items: []\n" + config;
  const auto list = resource_list::read(text);
  EXPECT_TRUE(list) << list.error().message;
  const auto out = list->config();
  EXPECT_TRUE(out) << out.error().message;
  return out ? *out : function_config();
}

TEST(ResourceList, TakesEveryVersion) {
  for (const char* version : {"v1", "v1beta1", "v1alpha1"})
    EXPECT_EQ(refusal(std::string("apiVersion: config.kubernetes.io/") + version + "\nkind: ResourceList\nitems: []\n"),
              "");
}

TEST(ResourceList, RefusesOtherDocuments) {
  EXPECT_THAT(refusal(""), HasSubstr("ResourceList"));
  EXPECT_THAT(refusal("a: ["), HasSubstr("line 2, column 1"));
  EXPECT_THAT(refusal("apiVersion: v1\nkind: List\nitems: []\n"), HasSubstr("pinhook pin"));
  EXPECT_THAT(refusal(head + "---\n" + head), HasSubstr("one YAML document"));
}

TEST(ResourceList, ReadsTheFunctionsConfig) {
  const auto none = config_of("");
  EXPECT_FALSE(none.format);
  EXPECT_FALSE(none.update || none.offline || none.keeps_going);
  EXPECT_FALSE(config_of("functionConfig:\n").format);

  const auto map = config_of(
      "functionConfig:\n  apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: pin}\n"
      "  data: {format: tag-and-digest, update: \"true\", lock: a/pinhook.lock, offline: \"true\", keep-going: "
      "\"true\"}\n");
  EXPECT_EQ(map.format, pin::pin_format::tag_and_digest);
  EXPECT_EQ(map.lock_file, "a/pinhook.lock");
  EXPECT_TRUE(map.update && map.offline && map.keeps_going);

  const auto own = config_of(
      "functionConfig:\n  apiVersion: pinhook.dev/v1\n  kind: PinImages\n  spec: {format: digest, update: false}\n");
  EXPECT_EQ(own.format, pin::pin_format::digest);
  EXPECT_FALSE(own.update);
}

TEST(ResourceList, NamesTheInvalidSetting) {
  const auto of = [](const std::string& config) { return refusal(head + "items: []\nfunctionConfig:\n" + config); };
  EXPECT_THAT(of("  apiVersion: v1\n  kind: Secret\n"), HasSubstr("PinImages is expected, not \"v1\" \"Secret\""));
  EXPECT_THAT(of("  apiVersion: pinhook.dev/v2\n  kind: PinImages\n"), HasSubstr("\"pinhook.dev/v2\""));
  EXPECT_THAT(of("  apiVersion: v1\n  kind: ConfigMap\n  data: {formt: digest}\n"),
              HasSubstr("\"formt\" is unknown; known are format, update"));
  EXPECT_THAT(of("  apiVersion: v1\n  kind: ConfigMap\n  data: {format: both}\n"),
              HasSubstr("functionConfig: format: digest or tag-and-digest is expected, not \"both\""));
  EXPECT_THAT(of("  apiVersion: v1\n  kind: ConfigMap\n  data: {update: \"yes\"}\n"), HasSubstr("true or false"));
  EXPECT_THAT(of("  apiVersion: v1\n  kind: ConfigMap\n  data: {lock: [a]}\n"), HasSubstr("lock: text is expected"));
  EXPECT_THAT(of("  apiVersion: v1\n  kind: ConfigMap\n  data: text\n"), HasSubstr("a mapping"));
}

TEST(ResourceList, NamesTheObjectOfAnImage) {
  const std::string text = head + R"(items:
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: web
    namespace: shop
    annotations:
      config.kubernetes.io/index: '0'
      internal.config.kubernetes.io/index: '2'
      internal.config.kubernetes.io/path: 'deploy/web.yaml'
- apiVersion: v1
  kind: Pod
  metadata: {name: p, annotations: {config.kubernetes.io/path: pod.yaml, config.kubernetes.io/index: many}}
)";
  const auto list = resource_list::read(text);
  ASSERT_TRUE(list);
  files::slot s;
  s.pointer = "/items/0/spec/template/spec/containers/1/image";
  const auto first = list->about(s);
  EXPECT_EQ(first.api_version, "apps/v1");
  EXPECT_EQ(first.kind, "Deployment");
  EXPECT_EQ(first.name, "web");
  EXPECT_EQ(first.ns, "shop");
  EXPECT_EQ(first.field, "spec.template.spec.containers[1].image");
  EXPECT_EQ(first.file, "deploy/web.yaml");
  EXPECT_EQ(first.file_index, 2U);
  s.pointer = "/items/1/spec/containers/0/image";
  const auto second = list->about(s);
  EXPECT_EQ(second.kind, "Pod");
  EXPECT_EQ(second.file, "pod.yaml");
  EXPECT_FALSE(second.file_index);
  s.pointer = "/items/7/image";
  EXPECT_EQ(list->about(s).kind, "");
}

TEST(FieldPath, IsAnOrchestratorsPath) {
  EXPECT_EQ(field_path(""), "");
  EXPECT_EQ(field_path("/spec/containers/0/image"), "spec.containers[0].image");
  EXPECT_EQ(field_path("/a~1b/c~0d/10/0"), "a/b.c~d[10][0]");
}

TEST(WithResults, StandBehindEverythingElse) {
  const std::string one = R"({"message": "one", "severity": "info"})";
  EXPECT_EQ(
      written(head + "items: []\n# the end\n",
              {made_result(result_severity::info, "one"), made_result(result_severity::error, "two")}),
      head + "items: []\n# the end\nresults:\n- " + one + "\n- {\"message\": \"two\", \"severity\": \"error\"}\n");
  EXPECT_EQ(written(head + "items: []", {made_result(result_severity::info, "one")}),
            head + "items: []\nresults:\n- " + one + "\n");
  EXPECT_EQ(written(head + "items: []\n...\n", {made_result(result_severity::info, "one")}),
            head + "items: []\nresults:\n- " + one + "\n...\n");
  EXPECT_EQ(written("---\n  " + std::string("apiVersion: config.kubernetes.io/v1\n  kind: ResourceList\n"),
                    {made_result(result_severity::info, "one")}),
            "---\n  apiVersion: config.kubernetes.io/v1\n  kind: ResourceList\n  results:\n  - " + one + "\n");
  EXPECT_EQ(written("apiVersion: config.kubernetes.io/v1\r\nkind: ResourceList\r\n",
                    {made_result(result_severity::info, "one")}),
            "apiVersion: config.kubernetes.io/v1\r\nkind: ResourceList\r\nresults:\r\n- " + one + "\r\n");
  EXPECT_EQ(written(head, {}), head);
}

TEST(WithResults, AreAppendedToThoseThatAreThere) {
  const std::string one = R"({"message": "one", "severity": "warning"})";
  const std::vector<function_result> results{made_result(result_severity::warning, "one")};
  EXPECT_EQ(written(head + "results:\n- message: old  # kept\nitems: []\n", results),
            head + "results:\n- message: old  # kept\n- " + one + "\nitems: []\n");
  EXPECT_EQ(written(head + "results:\n  - message: old", results),
            head + "results:\n  - message: old\n  - " + one + "\n");
  EXPECT_EQ(written(head + "results:\n- message: |\n    old\n    older\nitems: []\n", results),
            head + "results:\n- message: |\n    old\n    older\n- " + one + "\nitems: []\n");
  EXPECT_EQ(written(head + "results: [{message: old}]\n", results), head + "results: [{message: old}, " + one + "]\n");
  EXPECT_EQ(written(head + "results: [{message: old}, ]\n", results),
            head + "results: [{message: old}, " + one + "]\n");
  EXPECT_EQ(written(head + "results: []\nitems: []\n", results), head + "results: [" + one + "]\nitems: []\n");
  EXPECT_EQ(written(head + "results:\nitems: []\n", results), head + "results: [" + one + "]\nitems: []\n");
  EXPECT_EQ(written(head + "results: null\nitems: []\n", results), head + "results: [" + one + "]\nitems: []\n");
  EXPECT_THAT(written(head + "results: text\n", results), HasSubstr("`results` is not a list"));
}

TEST(WithResults, StandInJson) {
  const std::string one = R"({"message": "one", "severity": "info"})";
  EXPECT_EQ(
      written(R"({"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": []}
)",
              {made_result(result_severity::info, "one")}),
      R"({"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": [], "results": [)" + one + "]}\n");
}

TEST(WithResults, BeforeV1HaveANameAndItems) {
  const std::string old = "apiVersion: config.kubernetes.io/v1alpha1\nkind: ResourceList\n";
  function_result r = made_result(result_severity::info, "one");
  r.kind = "Pod";
  r.name = "p";
  r.ns = "shop";
  const std::string one =
      R"({"message": "one", "severity": "info", "resourceRef": {"kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}}})";
  EXPECT_EQ(written(old, {r}), old + "results:\n  name: pinhook\n  items:\n  - " + one + "\n");
  EXPECT_EQ(written(old + "results:\n  name: other\n  items:\n  - message: old\n", {r}),
            old + "results:\n  name: other\n  items:\n  - message: old\n  - " + one + "\n");
}

TEST(WithResults, HavePlaceAndValues) {
  function_result r = made_result(result_severity::info, "say \"it\"\n");
  r.api_version = "apps/v1";
  r.kind = "Deployment";
  r.name = "web";
  r.ns = "shop";
  r.field = "spec.image";
  r.current_value = "nginx";
  r.proposed_value = "nginx@sha256:…";
  r.file = "web.yaml";
  r.file_index = 1;
  EXPECT_EQ(written(head, {r}), head +
                                    R"(results:
- {"message": "say \"it\"\n", "severity": "info", "resourceRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "shop"}, "field": {"path": "spec.image", "currentValue": "nginx", "proposedValue": "nginx@sha256:…"}, "file": {"path": "web.yaml", "index": 1}}
)");
}

}  // namespace
}  // namespace pinhook::pipeline
