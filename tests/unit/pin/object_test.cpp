#include <pinhook/pin/object.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::pin {
namespace {

result<object> read(std::string_view group, std::string_view kind, std::string_view text,
                    std::vector<custom_kind> more = {}) {
  return read_object(text, pod_paths(more).of(group, kind));
}

using found_images = std::vector<std::pair<std::string, std::string>>;

// Pointer and image of each slot.
found_images images(const result<object>& o) {
  if (!o) return {{"error", o.error().message}};
  found_images out;
  for (const slot& s : o->found.slots) out.emplace_back(s.pointer, s.image);
  return out;
}

TEST(Object, ReadsItsMetadata) {
  const auto o = read("apps", "ReplicaSet", R"({
    "metadata": {"name": "web", "generateName": "web-", "deletionTimestamp": "2026-01-01T00:00:00Z",
      "labels": {"app": "web", "pinhook.dev/pin": "skip"},
      "annotations": {"a": "b", "pinhook.dev/pins": "{}", "pinhook.dev/updates": "refresh", "pinhook.dev/refresh": "1"},
      "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x"},
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": true, "uid": "1"}]}})");
  ASSERT_TRUE(o) << o.error().message;
  const metadata& m = o->metadata;
  EXPECT_EQ(m.name, "web");
  EXPECT_EQ(m.generate_name, "web-");
  EXPECT_TRUE(m.has_deletion_timestamp);
  EXPECT_TRUE(m.has_annotations);
  EXPECT_EQ(m.pin_label, "skip");
  EXPECT_EQ(m.pins, "{}");
  EXPECT_EQ(m.updates, "refresh");
  EXPECT_EQ(m.refresh, "1");
  ASSERT_TRUE(m.controller);
  EXPECT_EQ(m.controller->group, "apps");
  EXPECT_EQ(m.controller->kind, "Deployment");
  EXPECT_EQ(m.controller->name, "web");
}

TEST(Object, TakesNullsForNothing) {
  const auto o = read("", "Pod",
                      R"({"metadata":{"name":null,"annotations":null,"labels":null,"ownerReferences":null,)"
                      R"("deletionTimestamp":null},"spec":null})");
  ASSERT_TRUE(o) << o.error().message;
  EXPECT_TRUE(o->has_metadata);
  EXPECT_FALSE(o->metadata.has_annotations);
  EXPECT_FALSE(o->metadata.has_deletion_timestamp);
  EXPECT_FALSE(o->metadata.controller);
  EXPECT_TRUE(o->found.slots.empty());
}

TEST(Object, FindsEverySlotOfAPod) {
  const auto o = read("", "Pod", R"({"spec":{
    "volumes":[{"name":"cfg","configMap":{}},{"name":"data","image":{"reference":"data:1","pullPolicy":"Always"}}],
    "initContainers":[{"name":"init","image":"init:1"}],
    "containers":[{"image":"web:1","name":"web"},{"name":"none"},{"name":"empty","image":""},{"name":"n","image":null}],
    "ephemeralContainers":[{"name":"debug","image":"debug:1"}]}})");
  ASSERT_TRUE(o) << o.error().message;
  const std::vector<slot> expected{
      {"/spec/volumes/1/image/reference", "data:1", "data", container_type::image_volume, 0, "Always",
       "/spec/volumes/1/image/pullPolicy"},
      {"/spec/initContainers/0/image", "init:1", "init", container_type::init_container},
      {"/spec/containers/0/image", "web:1", "web", container_type::container},
      {"/spec/ephemeralContainers/0/image", "debug:1", "debug", container_type::ephemeral_container}};
  EXPECT_EQ(o->found.slots, expected);
  ASSERT_EQ(o->found.templates.size(), 1U);
  EXPECT_EQ(o->found.templates[0].pointer, "/spec");
}

// Pull policy and the pointer to it, of each slot.
std::vector<std::pair<std::string, std::string>> pull_policies(const result<object>& o) {
  if (!o) return {{"error", o.error().message}};
  std::vector<std::pair<std::string, std::string>> out;
  for (const slot& s : o->found.slots) out.emplace_back(s.pull_policy, s.pull_policy_pointer);
  return out;
}

TEST(Object, FindsThePullPolicyBesideEachImage) {
  using pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(pull_policies(read("apps", "Deployment", R"({"spec":{"template":{"spec":{"containers":[
              {"imagePullPolicy":"Always","image":"a"},{"image":"b","imagePullPolicy":"N\u0065ver"},{"image":"c"},
              {"image":"d","imagePullPolicy":null},{"image":"e","imagePullPolicy":["Always"]},
              {"image":"f","imagePullPolicy":""},{"image":"g","pullPolicy":"Always"}],
              "volumes":[{"name":"h","image":{"pullPolicy":"Never","reference":"h"}},
                {"name":"i","imagePullPolicy":"Always","image":{"reference":"i","pullPolicy":7}}]}}}})")),
            (pairs{{"Always", "/spec/template/spec/containers/0/imagePullPolicy"},
                   {"Never", "/spec/template/spec/containers/1/imagePullPolicy"},
                   {"", ""},
                   {"", ""},
                   {"", ""},
                   {"", ""},
                   {"", ""},
                   {"Never", "/spec/template/spec/volumes/0/image/pullPolicy"},
                   {"", ""}}));
  // Containers of custom kinds, of kinds that are searched; a lone image has none.
  EXPECT_EQ(pull_policies(read("argoproj.io", "Workflow",
                               R"({"spec":{"templates":[{"container":{"image":"a","imagePullPolicy":"Always"}}]}})")),
            (pairs{{"Always", "/spec/templates/0/container/imagePullPolicy"}}));
  EXPECT_EQ(pull_policies(
                read("example.com", "Unknown", R"({"a/b":{"containers":[{"image":"a","imagePullPolicy":"Always"}]}})")),
            (pairs{{"Always", "/a~1b/containers/0/imagePullPolicy"}}));
  EXPECT_EQ(pull_policies(read("example.com", "Fleet", R"({"spec":{"image":"a","imagePullPolicy":"Always"}})",
                               {{"example.com", "Fleet", {"spec.image"}}})),
            (pairs{{"", ""}}));
}

TEST(Object, RefusesPullPoliciesThatStandTwice) {
  for (const char* spec :
       {R"({"containers":[{"image":"a","imagePullPolicy":"Always","imagePullPolicy":"Never"}]})",
        R"({"volumes":[{"image":{"reference":"a","pullPolicy":"Always","pullPolicy":"Always"}}]})"}) {
    const auto o = read("", "Pod", fmt::format(R"({{"spec":{}}})", spec));
    ASSERT_FALSE(o) << spec;
    EXPECT_EQ(o.error().code, error_code::malformed);
  }
}

TEST(Object, FindsThePodTemplateOfEachBuiltInKind) {
  const std::string_view pod = R"({"metadata":{"labels":{}},"spec":{"containers":[{"name":"c","image":"i:1"}]}})";
  const std::tuple<const char*, const char*, const char*, const char*> cases[] = {
      {"", "PodTemplate", R"({{"template":{}}})", "/template"},
      {"", "ReplicationController", R"({{"spec":{{"template":{}}}}})", "/spec/template"},
      {"apps", "Deployment", R"({{"spec":{{"replicas":2,"template":{}}}}})", "/spec/template"},
      {"apps", "ReplicaSet", R"({{"spec":{{"template":{}}}}})", "/spec/template"},
      {"apps", "StatefulSet", R"({{"spec":{{"template":{}}}}})", "/spec/template"},
      {"apps", "DaemonSet", R"({{"spec":{{"template":{}}}}})", "/spec/template"},
      {"batch", "Job", R"({{"spec":{{"template":{}}}}})", "/spec/template"},
      {"batch", "CronJob", R"({{"spec":{{"jobTemplate":{{"spec":{{"template":{}}}}}}}}})",
       "/spec/jobTemplate/spec/template"},
  };
  for (const auto& [group, kind, format, pointer] : cases) {
    const std::string text = fmt::format(fmt::runtime(format), pod);
    const auto o = read(group, kind, text);
    EXPECT_EQ(images(o), (found_images{{std::string(pointer) + "/spec/containers/0/image", "i:1"}})) << kind;
    ASSERT_EQ(o->found.templates.size(), 1U) << kind;
    EXPECT_EQ(o->found.templates[0].pointer, pointer);
    EXPECT_EQ(o->found.templates[0].text, pod);
  }
}

TEST(Object, FindsImagesInCustomResources) {
  const char* pod = R"({"spec":{"containers":[{"name":"c","image":"i:1"}]}})";
  EXPECT_EQ(
      images(read(
          "kubeflow.org", "TFJob",
          fmt::format(R"({{"spec":{{"tfReplicaSpecs":{{"Worker":{{"template":{0}}},"a/b~c":{{"template":{0}}}}}}}}})",
                      pod))),
      (found_images{{"/spec/tfReplicaSpecs/Worker/template/spec/containers/0/image", "i:1"},
                    {"/spec/tfReplicaSpecs/a~1b~0c/template/spec/containers/0/image", "i:1"}}));
  EXPECT_EQ(
      images(read(
          "ray.io", "RayCluster",
          fmt::format(
              R"({{"spec":{{"workerGroupSpecs":[{{"template":{0}}},{{}},{{"template":{0}}}],"headGroupSpec":{{"template":{0}}}}}}})",
              pod))),
      (found_images{{"/spec/workerGroupSpecs/0/template/spec/containers/0/image", "i:1"},
                    {"/spec/workerGroupSpecs/2/template/spec/containers/0/image", "i:1"},
                    {"/spec/headGroupSpec/template/spec/containers/0/image", "i:1"}}));
  EXPECT_EQ(
      images(read(
          "tekton.dev", "Task",
          R"({"spec":{"stepTemplate":{"image":"t:1"},"steps":[{"name":"a","image":"a:1"},{"script":"x"}],"sidecars":[{"image":"s:1"}]}})")),
      (found_images{
          {"/spec/stepTemplate/image", "t:1"}, {"/spec/steps/0/image", "a:1"}, {"/spec/sidecars/0/image", "s:1"}}));
  EXPECT_EQ(
      images(read(
          "argoproj.io", "Workflow",
          R"({"spec":{"templates":[{"container":{"image":"c:1"}},{"script":{"image":"s:1","source":"containers"}},{"containerSet":{"containers":[{"name":"x","image":"x:1"}]}}]}})")),
      (found_images{{"/spec/templates/0/container/image", "c:1"},
                    {"/spec/templates/1/script/image", "s:1"},
                    {"/spec/templates/2/containerSet/containers/0/image", "x:1"}}));
}

TEST(Object, FollowsTheOperatorsPaths) {
  const std::vector<custom_kind> kinds{
      {"example.com", "Fleet", {"spec.image", "spec.workers[*].image", "spec.tools{*}"}}};
  EXPECT_EQ(
      images(read(
          "example.com", "Fleet",
          R"({"spec":{"image":"a:1","workers":[{"image":"b:1"},{"image":7},{}],"tools":{"x":"c:1"},"containers":[{"image":"no:1"}]}})",
          kinds)),
      (found_images{{"/spec/image", "a:1"}, {"/spec/workers/0/image", "b:1"}, {"/spec/tools/x", "c:1"}}));
  EXPECT_EQ(images(read("example.com", "Fleet", R"({"spec":{"workers":{"image":"b:1"},"image":{"x":"y"}}})", kinds)),
            found_images{});
}

TEST(Object, SearchesUnknownKindsForPodSpecs) {
  EXPECT_EQ(images(read("example.com", "Thing", R"({
      "metadata":{"managedFields":[{"containers":[{"image":"meta:1"}]}]},
      "status":{"containers":[{"image":"status:1"}]},
      "spec":{"a":[[{"volumes":[{"name":"v","image":{"reference":"v:1"}}],"x":{"initContainers":[{"image":"deep:1"}]},
        "containers":[{"name":"no"},{"image":"c:1"}],"initContainers":[{"image":"i:1"}]}]],
        "b":{"containers":{"image":"object:1"}},"c":{"containers":["text"]},"d":{"containers":[{"image":{"x":1}}]}}})")),
            (found_images{{"/spec/a/0/0/x/initContainers/0/image", "deep:1"},
                          {"/spec/a/0/0/volumes/0/image/reference", "v:1"},
                          {"/spec/a/0/0/containers/1/image", "c:1"},
                          {"/spec/a/0/0/initContainers/0/image", "i:1"}}));
  EXPECT_EQ(images(read("", "ConfigMap", R"({"data":{"containers":"[{\"image\":\"x\"}]"}})")), found_images{});
}

TEST(Object, ReadsKeysByTheirMeaning) {
  EXPECT_EQ(images(read("apps", "Deployment",
                        R"({"\u0073pec":{"templat\u0065":{"spec":{"\u0063ontainers":[{"im\u0061ge":"a\u003a1"}]}}}})")),
            (found_images{{"/spec/template/spec/containers/0/image", "a:1"}}));
  EXPECT_EQ(images(read("example.com", "Thing", R"({"\u0073pec":{"\u0063ontainers":[{"im\u0061ge":"a:1"}]}})")),
            (found_images{{"/spec/containers/0/image", "a:1"}}));
}

TEST(Object, RefusesKeysThatMatterAndStandTwice) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"", "Pod", R"({"metadata":{},"metadata":{}})"},
      {"", "Pod", R"({"spec":{},"spec":{}})"},
      {"", "Pod", R"({"spec":{},"\u0073pec":{}})"},
      {"", "Pod", R"({"metadata":{"annotations":{},"annotations":{}}})"},
      {"", "Pod", R"({"metadata":{"annotations":{"pinhook.dev/pins":"a","pinhook.dev/pins":"b"}}})"},
      {"", "Pod", R"({"metadata":{"labels":{"pinhook.dev/pin":"a","pinhook.dev/pin":"skip"}}})"},
      {"", "Pod", R"({"metadata":{"ownerReferences":[],"ownerReferences":[]}})"},
      {"", "Pod", R"({"spec":{"containers":[],"containers":[]}})"},
      {"", "Pod", R"({"spec":{"containers":[{"image":"a","image":"b"}]}})"},
      {"", "Pod", R"({"spec":{"volumes":[{"image":{"reference":"a","reference":"b"}}]}})"},
      {"apps", "Deployment", R"({"spec":{"template":{},"template":{}}})"},
      {"apps", "Deployment", R"({"spec":{"template":{"spec":{},"spec":{}}}})"},
      {"kubeflow.org", "TFJob",
       R"({"spec":{"tfReplicaSpecs":{"W":{"template":{"spec":{"containers":[{"image":"a"}]}}},)"
       R"("W":{"template":{"spec":{"containers":[{"image":"a"}]}}}}}})"},
      {"example.com", "Thing", R"({"a":{"containers":[{"image":"a"}]},"a":{"containers":[{"image":"b"}]}})"},
  };
  for (const auto& [group, kind, text] : cases) {
    const auto o = read(group, kind, text);
    ASSERT_FALSE(o) << text;
    EXPECT_EQ(o.error().code, error_code::malformed);
    EXPECT_NE(o.error().message.find("duplicate key"), std::string::npos) << o.error().message;
  }
}

TEST(Object, RefusesTooManyImages) {
  const auto pod = [](std::size_t n) {
    std::string list;
    for (std::size_t i = 0; i < n; ++i) list += i == 0 ? R"({"image":"a"})" : R"(,{"image":"a"})";
    return R"({"spec":{"containers":[)" + list + "]}}";
  };
  const std::string most = pod(max_slots);
  const std::string more = pod(max_slots + 1);
  EXPECT_EQ(images(read("", "Pod", most)).size(), max_slots);
  EXPECT_FALSE(read("", "Pod", more));
  EXPECT_FALSE(read("example.com", "Thing", more));
}

TEST(Object, TellsLimitsFromWhatIsNoJson) {
  std::string list;
  for (std::size_t i = 0; i <= max_slots; ++i) list += i == 0 ? R"({"image":"a"})" : R"(,{"image":"a"})";
  const auto more = read("", "Pod", R"({"spec":{"containers":[)" + list + "]}}");
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, error_code::unsupported);
  EXPECT_EQ(more.error().message, "it has more than 1000 images");
  const auto deep = read("example.com", "Thing", R"({"a":)" + std::string(300, '[') + std::string(300, ']') + "}");
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().code, error_code::unsupported);
  EXPECT_EQ(deep.error().message, "it is nested more than 200 levels deep");
  EXPECT_EQ(read("", "Pod", "{").error().code, error_code::malformed);
}

TEST(LargeObject, ReadsMetadataAlone) {
  const auto o = read_metadata(
      R"({"spec":{"containers":[{"image":"a"}]},"metadata":{"name":"web","labels":{"pinhook.dev/pin":"skip"}}})");
  ASSERT_TRUE(o);
  EXPECT_EQ(o->metadata.name, "web");
  EXPECT_EQ(o->metadata.pin_label, "skip");
  EXPECT_TRUE(o->found.slots.empty());
  EXPECT_FALSE(read_metadata(R"({"metadata":{},"metadata":{}})"));
  EXPECT_FALSE(read_metadata("[]"));
}

TEST(LargeObject, IsTheSameWhenOnlyMetadataAndStatusDiffer) {
  const std::string_view one =
      R"({"kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"image":"a"}]},"status":{}})";
  EXPECT_TRUE(is_same_but_metadata(one, one));
  EXPECT_TRUE(is_same_but_metadata(
      one, R"({"kind":"Pod","metadata":{"name":"a","labels":{"x":"y"}},"spec":{"containers":[{"image":"a"}]}})"));
  EXPECT_FALSE(
      is_same_but_metadata(one, R"({"kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"image":"b"}]}})"));
  EXPECT_FALSE(is_same_but_metadata(one, R"({"kind":"Pod","metadata":{"name":"a"}})"));
  EXPECT_FALSE(is_same_but_metadata("{", "{"));
  EXPECT_FALSE(is_same_but_metadata("{}", "{}"));
}

TEST(Object, RefusesUnknownKindsNestedTooDeeply) {
  const auto nested = [](std::size_t n) { return R"({"a":)" + std::string(n, '[') + std::string(n, ']') + "}"; };
  const std::string most = nested(max_search_depth - 1);
  const std::string more = nested(max_search_depth);
  EXPECT_TRUE(read("example.com", "Thing", most));
  EXPECT_FALSE(read("example.com", "Thing", more));
  // A known kind is not searched.
  EXPECT_TRUE(read("", "Pod", more));
}

TEST(Object, SurvivesEveryTruncation) {
  const std::string text =
      R"({"metadata":{"name":"a","labels":{"pinhook.dev/pin":"x"},"ownerReferences":[{"controller":true}]},)"
      R"("spec":{"template":{"spec":{"containers":[{"name":"c","image":"i:1"}],"volumes":[{"image":{"reference":"v"}}]}}}})";
  for (std::size_t n = 0; n < text.size(); ++n) {
    EXPECT_FALSE(read("apps", "Deployment", std::string_view(text).substr(0, n))) << n;
    EXPECT_FALSE(read("example.com", "Thing", std::string_view(text).substr(0, n))) << n;
  }
  EXPECT_TRUE(read("apps", "Deployment", text));
}

TEST(ReadObject, SearchesObjectsOfKindsWithWildcards) {
  const pod_paths paths({{"*", "*", {"spec.image", "spec.pod.containers[*].image"}}});
  const auto read = read_object(R"({"spec": {"image": "a:1", "pod": {"containers": [{"image": "b:1"}]},
                                    "other": {"containers": [{"image": "c:1"}]}}})",
                                paths.of("example.com", "Engine"));
  ASSERT_TRUE(read) << read.error().message;
  std::vector<std::string> images;
  for (const slot& one : read->found.slots) images.push_back(one.image);
  EXPECT_EQ(images, (std::vector<std::string>{"a:1", "b:1", "c:1"}));
  EXPECT_LT(read->found.slots.back().pod, read->found.templates.size());
  EXPECT_EQ(read->found.templates.at(read->found.slots.back().pod).pointer, "/spec/other");
}

}  // namespace
}  // namespace pinhook::pin
