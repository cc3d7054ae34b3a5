#include <pinhook/kube/serving_objects.hpp>

#include <pinhook/base/base64.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/kube/api_objects.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::kube {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string head =
    R"({"kind":"MutatingWebhookConfiguration","apiVersion":"admissionregistration.k8s.io/v1","metadata":{"resourceVersion":"7"})";

std::string entries(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out += std::string(i == 0 ? "" : ",") + R"({"name":"w)" + std::to_string(i) + "\"}";
  return head + ",\"webhooks\":[" + out + "]}";
}

TEST(ServingObjects, ReadsASecretWithItsVersion) {
  const auto got = parse_stored(
      R"({"kind":"Secret","apiVersion":"v1","metadata":{"resourceVersion":"12"},"data":{"ca.crt":"dg==","x":null}})");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->resource_version, "12");
  EXPECT_EQ(got->data.at("ca.crt").reveal(), "v");
  EXPECT_TRUE(got->data.at("x").is_empty());
}

TEST(ServingObjects, RefusesASecretThatCannotBeWrittenLater) {
  for (const char* text :
       {"hunter2", R"({"kind":"Secret","apiVersion":"v1"})",
        R"({"kind":"Secret","apiVersion":"v1","metadata":{"resourceVersion":""}})",
        R"({"kind":"Secret","apiVersion":"v1","metadata":{"resourceVersion":12}})",
        R"({"kind":"Secret","apiVersion":"v1","metadata":{"resourceVersion":"1"},"data":{"k":"hunter2!"}})",
        R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"1"}})"}) {
    const auto got = parse_stored(text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, error_code::malformed);
    EXPECT_THAT(got.error().message, Not(HasSubstr("hunter2")));
  }
}

TEST(ServingObjects, ReadsTheBundlesOfEveryEntry) {
  const auto got = parse_registration(
      head + R"(,"webhooks":[{"name":"a","clientConfig":{"url":"https://x","caBundle":"dg=="}},{"name":"b",)" +
      R"("clientConfig":{}},{"name":"c","clientConfig":{"caBundle":null}},{"name":"d","clientConfig":null}]})");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->resource_version, "7");
  ASSERT_EQ(got->webhooks.size(), 4U);
  EXPECT_EQ(got->webhooks[0].name, "a");
  EXPECT_EQ(got->webhooks[0].ca_bundle, "v");
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(got->webhooks[i].ca_bundle, "") << i;
  for (const char* rest : {"}", R"(,"webhooks":null})", R"(,"webhooks":[]})"})
    EXPECT_TRUE(parse_registration(head + rest)->webhooks.empty()) << rest;
}

TEST(ServingObjects, RefusesAConfigurationThatIsNone) {
  const std::string samples[] = {
      "",
      "[]",
      head + R"(,"webhooks":{}})",
      head + R"(,"webhooks":[1]})",
      head + R"(,"webhooks":[{"name":""}]})",
      head + R"(,"webhooks":[{"name":"a","clientConfig":{"caBundle":"hunter2!"}}]})",
      head + R"(,"webhooks":[{"name":"a","clientConfig":{"caBundle":5}}]})",
      R"({"kind":"MutatingWebhookConfiguration","apiVersion":"admissionregistration.k8s.io/v1"})",
      R"({"kind":"Secret","apiVersion":"v1","metadata":{"resourceVersion":"1"}})"};
  for (const auto& text : samples) {
    const auto got = parse_registration(text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, error_code::malformed);
    EXPECT_THAT(got.error().message, Not(HasSubstr("hunter2")));
  }
}

TEST(ServingObjects, LimitsEntriesAndSize) {
  ASSERT_TRUE(parse_registration(entries(max_webhook_entries)));
  EXPECT_EQ(parse_registration(entries(max_webhook_entries))->webhooks.size(), max_webhook_entries);
  EXPECT_THAT(parse_registration(entries(max_webhook_entries + 1)).error().message,
              HasSubstr("more than 1000 entries"));
  const std::string large = head + R"(,"x":")" + std::string(max_object_size, 'x') + "\"}";
  EXPECT_EQ(parse_registration(large).error().code, error_code::malformed);
}

TEST(ServingObjects, AppliesAWholeSecret) {
  secret_data data;
  data.emplace("ca.crt", secret("v"));
  data.emplace("odd \"key\"", secret(""));
  EXPECT_EQ(applied_secret("ns", "name", data).reveal(),
            R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"name","namespace":"ns","labels":)"
            R"({"app.kubernetes.io/name":"pinhook","app.kubernetes.io/part-of":"pinhook"}},"type":"Opaque",)"
            R"("data":{"ca.crt":"dg==","odd \"key\"":""}})");
}

TEST(ServingObjects, ReplacesDataOfOneVersion) {
  stored_secret with;
  with.resource_version = "12";
  EXPECT_EQ(
      replaced_data(with).reveal(),
      R"([{"op":"replace","path":"/metadata/resourceVersion","value":"12"},{"op":"add","path":"/data","value":{}}])");
  with.data.emplace("a", secret("v"));
  with.data.emplace("b", secret(std::string(1000, '\xff')));
  const std::string body = replaced_data(with).reveal();
  EXPECT_THAT(body, HasSubstr(R"("value":{"a":"dg==","b":")" + encode_base64(std::string(1000, '\xff')) + "\"}}]"));
  EXPECT_TRUE(json::parse(body));
}

TEST(ServingObjects, WritesBundlesInTheOrderOfTheEntries) {
  const webhook_registration with{"7", {{"b", "v"}, {"a", ""}}};
  EXPECT_EQ(
      merged_bundles(with),
      R"({"metadata":{"resourceVersion":"7"},"$setElementOrder/webhooks":[{"name":"b"},{"name":"a"}],)"
      R"("webhooks":[{"name":"b","clientConfig":{"caBundle":"dg=="}},{"name":"a","clientConfig":{"caBundle":""}}]})");
}

TEST(ServingObjects, NamesFieldManagersThatTheServerTakes) {
  EXPECT_EQ(field_manager("pinhook-7d9f.node", "ab12"), "pinhook-pinhook-7d9f.node-ab12");
  EXPECT_EQ(field_manager("a b&c=d/ü", "x"), "pinhook-a-b-c-d----x");
  const auto longest = field_manager(std::string(300, 'h'), "0123456789abcdef");
  EXPECT_EQ(longest.size(), max_field_manager_size);
  EXPECT_THAT(longest, AllOf(StartsWith("pinhook-hhh"), EndsWith("h-0123456789abcdef")));
  EXPECT_EQ(field_manager("h", std::string(300, 's')).size(), max_field_manager_size);
}

}  // namespace
}  // namespace pinhook::kube
