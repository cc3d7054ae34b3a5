#include <pinhook/fleet/object.hpp>

#include "support/fleet_objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::fleet {
namespace {

using testing::digest_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::metadata_text;

const pin::pod_paths paths;

listed_kind kind(const std::string& group, const std::string& name) { return {group, name, paths.of(group, name)}; }

TEST(FleetObject, KeepsWhatAReportNeeds) {
  const auto read = read_object(
      R"({"metadata":{"name":"web","namespace":"shop","labels":{"app":"web","n":1},
          "ownerReferences":[{"apiVersion":"v1","kind":"Other","name":"o"},
                             {"apiVersion":"example.com/v1","kind":"Shop","name":"s","controller":true}]},
          "spec":{"template":{"spec":{"serviceAccountName":"runner","imagePullSecrets":[{"name":"pull"}],
            "initContainers":[{"name":"init","image":"busybox"}],
            "containers":[{"name":"web","image":"nginx:1.25","imagePullPolicy":"Always"}]}}}})",
      kind("apps", "Deployment"), {.has_labels = true});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->id, (object_id{"shop", "apps", "Deployment", "web"}));
  EXPECT_EQ(read->id.to_string(), "Deployment/web");
  EXPECT_EQ(read->controller, (object_id{"shop", "example.com", "Shop", "s"}));
  EXPECT_EQ(read->labels, (labels{{"app", "web"}, {"n", ""}}));
  EXPECT_EQ(read->pulls_as, (registry::tenant{"shop", "runner", {"pull"}}));
  ASSERT_EQ(read->images.size(), 2U);
  EXPECT_EQ(read->images[0], (written_image{"init", pin::container_type::init_container, "busybox",
                                            "/spec/template/spec/initContainers/0/image", ""}));
  EXPECT_EQ(read->images[1], (written_image{"web", pin::container_type::container, "nginx:1.25",
                                            "/spec/template/spec/containers/0/image", "Always"}));
  EXPECT_FALSE(read->pins);
}

TEST(FleetObject, KnowsWhoWroteThePinsAndWhen) {
  const auto text = [](const std::string& fields) {
    return R"({"metadata":{"name":"web","namespace":"shop","annotations":{"pinhook.dev/pins":"{}"},"managedFields":[)" +
           fields + "]},\"spec\":{}}";
  };
  const auto entry = [](const std::string& manager, const std::string& time, bool writes) {
    return R"({"manager":")" + manager + R"(","time":")" + time + R"(","fieldsV1":{"f:metadata":{"f:annotations":{)" +
           (writes ? R"("f:pinhook.dev/pins":{})" : "") + "}}}}";
  };
  struct row {
    std::string fields, manager;
    bool has_time;
  };
  const row rows[] = {
      {entry("kubectl", "2026-11-01T00:00:00Z", true), "kubectl", true},
      {entry("helm", "2026-11-02T00:00:00Z", false) + "," + entry("kubectl", "2026-11-01T00:00:00Z", true), "kubectl",
       true},
      {entry("helm", "2026-11-01T00:00:00Z", true) + "," + entry("pinhook", "2026-11-03T00:00:00Z", true), "pinhook",
       true},
      {entry("pinhook", "2026-11-03T00:00:00Z", true) + "," + entry("helm", "2026-11-01T00:00:00Z", true), "pinhook",
       true},
      {entry("helm", "no time", true), "helm", false},
      {"", "", false},
  };
  for (const row& one : rows) {
    const auto read = read_object(text(one.fields), kind("apps", "Deployment"), {});
    ASSERT_TRUE(read) << one.fields;
    ASSERT_TRUE(read->pins);
    EXPECT_EQ(read->pins->text, "{}");
    EXPECT_EQ(read->pins->manager, one.manager) << one.fields;
    EXPECT_EQ(read->pins->written_at.has_value(), one.has_time) << one.fields;
  }
}

TEST(FleetObject, ReadsTheStatusOfEachKindOfContainer) {
  const auto read = read_pod(
      R"({"metadata":{"name":"p","namespace":"shop"},"spec":{"containers":[{"name":"web","image":"nginx"}]},
          "status":{"phase":"Running","conditions":[{"type":"Initialized","status":"True"},{"type":"Ready","status":"True"}],
            "initContainerStatuses":[{"name":"init","imageID":"a@)" +
          digest_text('a') + R"("}],"containerStatuses":[{"name":"web","imageID":"b@)" + digest_text('b') +
          R"("},{"name":"new","imageID":""}],"ephemeralContainerStatuses":[{"name":"debug","imageID":"sha256:x"}]}})",
      kind("", "Pod"), {});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->is_ready);
  EXPECT_FALSE(read->has_ended);
  std::vector<std::string> seen;
  for (const auto& one : read->running)
    seen.push_back(one.name + " " + (one.image.digest ? one.image.digest->to_string().substr(0, 8) : "-"));
  EXPECT_THAT(seen, ElementsAre("init sha256:a", "web sha256:b", "new -", "debug -"));
}

TEST(FleetObject, SurvivesPodsOfOddShape) {
  for (const std::string status :
       {"null", "1", "[]", "{}", R"({"phase":1,"conditions":{},"containerStatuses":[1,{"name":2,"imageID":[]}]})"}) {
    const auto read =
        read_pod(R"({"metadata":{"name":"p","namespace":"s"},"spec":{},"status":)" + status + "}", kind("", "Pod"), {});
    ASSERT_TRUE(read) << status << ": " << read.error().message;
    EXPECT_FALSE(read->is_ready);
  }
}

TEST(FleetObject, NamesTheObjectThatCannotBeRead) {
  const auto twice = read_object(
      R"({"metadata":{"name":"web","namespace":"s"},"spec":{"template":{"spec":{"containers":[{"image":"a","image":"b"}]}}}})",
      kind("apps", "Deployment"), {});
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, HasSubstr("Deployment/web"));
  EXPECT_FALSE(read_object("{}", kind("apps", "Deployment"), {}));
  EXPECT_FALSE(read_object("[]", kind("apps", "Deployment"), {}));
  EXPECT_FALSE(read_pod("{", kind("", "Pod"), {}));
}

TEST(FleetObject, ReadsANamespace) {
  const auto labelled = read_namespace(R"({"metadata":{"name":"shop","labels":{"pinhook.dev/pin":"enforce"}}})");
  ASSERT_TRUE(labelled);
  EXPECT_EQ(labelled->name, "shop");
  EXPECT_EQ(labelled->pin_label, "enforce");
  EXPECT_EQ(read_namespace(R"({"metadata":{"name":"shop"}})")->pin_label, std::nullopt);
  EXPECT_FALSE(read_namespace(R"({"metadata":{}})"));
}

}  // namespace
}  // namespace pinhook::fleet
