#include "support/found_slots.hpp"

#include <pinhook/files/image_file.hpp>
#include <pinhook/files/image_search.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pinhook::files {
namespace {

using test::found_slots;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string pin = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

TEST(FindInValues, PutsAMappingTogether) {
  EXPECT_THAT(
      found_slots(R"(image:
  registry: docker.io
  repository: bitnami/redis
  tag: 7.2.4-debian-12-r9
  digest: ""
  pullPolicy: IfNotPresent
metrics:
  image: {repository: quay.io/oliver006/redis_exporter, tag: 1.58}
sidecars:
- name: proxy
  repository: envoyproxy/envoy
  registry: ""
  tag: "v1@)" + pin + R"("
controller:
  digest: )" + pin + R"(
  repository: ghcr.io/acme/controller
volumePermissions: {image: {repository: os-shell, tag: "12", digest: )" +
                      pin + "}}\n",
                  "charts/redis/values.yaml"),
      ElementsAre(
          "4:8 /image | values | image | docker.io/bitnami/redis:7.2.4-debian-12-r9 | "
          "docker.io/bitnami/redis:7.2.4-debian-12-r9",
          "8:62 /metrics/image | values | metrics.image | quay.io/oliver006/redis_exporter:1.58 | "
          "quay.io/oliver006/redis_exporter:1.58",
          "13:8 /sidecars/0 | values | sidecars[0] | envoyproxy/envoy:v1@" + pin + " | envoyproxy/envoy:v1",
          "16:15 /controller | values | controller | ghcr.io/acme/controller@" + pin + " | -",
          "17:56 /volumePermissions/image | values | volumePermissions.image | os-shell:12@" + pin + " | os-shell:12"));
}

TEST(FindInValues, LeavesTheChartsOwnTagAlone) {
  EXPECT_THAT(
      found_slots("a: {repository: nginx, tag: \"\"}\nb: {repository: nginx, tag: , digest: ~}\n"
                  "image: {repository: nginx}\n",
                  "values.yaml"),
      ElementsAre("1:17 /a | values | a | nginx | (no-tag-here)", "2:17 /b | values | b | nginx | (no-tag-here)",
                  "3:21 /image | values | image | nginx | (no-tag-here)"));
}

TEST(FindInValues, KeepsThePullPolicyBesideThem) {
  const auto file = image_file::read(
      "a: {repository: nginx, tag: v1, pullPolicy: Always}\nb: {image: nginx:1, imagePullPolicy: Never}\n"
      "c: {image: nginx:1}\nd: {repository: nginx, tag: v1, pullPolicy: {x: y}}\n",
      "values.yaml", {});
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->slots().size(), 4U);
  EXPECT_EQ(file->slots()[0].pull_policy, "Always");
  EXPECT_EQ(file->slots()[1].pull_policy, "Never");
  EXPECT_EQ(file->slots()[2].pull_policy, "");
  EXPECT_EQ(file->slots()[3].pull_policy, "");
}

TEST(FindInValues, TakesStringsUnderAKeyImage) {
  EXPECT_THAT(found_slots("image: nginx\njobs:\n- image: 'ghcr.io/acme/api:v2'\n- {\"image\": busybox:1.36}\n"
                          "tool: {image: \"{{ .Values.global.image }}\"}\nbad: {image: Nginx:1.25}\n"
                          "old: {image: quay.io/acme/old, imageTag: v1}\n",
                          "values-prod.yaml"),
              ElementsAre("1:8 /image | values | image | nginx | nginx",
                          "3:10 /jobs/0/image | values | jobs[0].image | ghcr.io/acme/api:v2 | ghcr.io/acme/api:v2",
                          "4:13 /jobs/1/image | values | jobs[1].image | busybox:1.36 | busybox:1.36",
                          "5:15 /tool/image | values | tool.image | {{ .Values.global.image }} | (variable)",
                          "6:14 /bad/image | values | bad.image | Nginx:1.25 | (invalid)",
                          // The chart puts the tag beside it after it.
                          "7:42 /old | values | old | quay.io/acme/old:v1 | quay.io/acme/old:v1"));
}

TEST(FindInValues, SkipsValuesThatAreNotImages) {
  for (const std::string_view text : {"image: {}\n",
                                      "image:\n",
                                      "image: ''\n",
                                      "image: true\n",
                                      "image: 1.25\n",
                                      "image: [a]\n",
                                      "images: nginx:1\n",
                                      "image: https://example.com/a.png\n",
                                      "image: /logo.png\n",
                                      "image: ./logo\n",
                                      "image: logo.svg\n",
                                      "image: A picture of it\n",
                                      "disk: {image: ubuntu-24.04.qcow2}\n",
                                      "item: {name: a, tag: b}\n",
                                      "a: {repository: nginx}\n",
                                      "a: {repository: , tag: b}\n",
                                      "a: {repository: '', tag: b}\n",
                                      "a: {repository: 12, tag: b}\n",
                                      "git: {repository: 'https://example.com/a', tag: v1}\n",
                                      "git: {repository: 'git@example.com:a/b', tag: v1}\n",
                                      "git: {repository: acme/a.git, tag: v1}\n",
                                      "a: {repository: nginx, tag: {b: c}}\n",
                                      "- tag: v1\n",
                                      "image\n",
                                      ""})
    EXPECT_THAT(found_slots(text, "values.yaml"), IsEmpty()) << text;
}

TEST(FindInValues, IsKnownByTheFilesName) {
  for (const std::string_view path : {"values.yaml", "a/values.yml", "Values-prod.yaml", "values/../valuesX",
                                      "argo-values.yaml", "prod.VALUES.yml", "values.json"})
    EXPECT_TRUE(is_values_file(path)) << path;
  for (const std::string_view path : {"", "-", "values/web.yaml", "my-values.json", "value.yaml"})
    EXPECT_FALSE(is_values_file(path)) << path;
  const std::string_view text = "image: {repository: nginx, tag: v1}\nother: {image: nginx:1}\n";
  EXPECT_THAT(found_slots(text, "values.yaml"), SizeIs(2));
  EXPECT_THAT(found_slots(text, "-"), IsEmpty());
  EXPECT_THAT(found_slots("repository: nginx\ntag: v1\n", "values.yaml"), SizeIs(1));
}

TEST(FindInValues, AreNoObjectsAndMayHaveServices) {
  // A Kubernetes object in a file of that name is still an object.
  EXPECT_THAT(
      found_slots("apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: b:1}]}\nother: {image: c:1}\n",
                  "values.yaml"),
      ElementsAre("3:38 /spec/containers/0/image | Pod | a | b:1 | b:1"));
  EXPECT_THAT(
      found_slots("kind: DaemonSet\nservices: {web: {image: {repository: b, tag: v1}, build: x}}\n", "values.yaml"),
      ElementsAre("2:46 /services/web/image | values | services.web.image | b:v1 | b:v1"));
}

TEST(FindInValues, FindsAnchorsOnceAndAliasesAtTheirPlaces) {
  EXPECT_THAT(
      found_slots("base: &base\n  repository: nginx\n  tag: &tag v1\na: *base\nb: {<<: *base}\n"
                  "c: {<<: *base, tag: v2}\nd: {repository: redis, tag: *tag}\nx: &x busybox:1\ne: {image: *x}\n",
                  "values.yaml"),
      ElementsAre("3:13 /base | values | base | nginx:v1 | nginx:v1", "6:21 /c | values | c | nginx:v2 | nginx:v2",
                  "7:29 /d | values | d | redis:v1 | redis:v1",
                  "9:12 /e/image | values | e.image | busybox:1 | busybox:1"));
}

TEST(FindInValues, ReadsTheTagOfAStringFromItsComment) {
  EXPECT_THAT(found_slots("image: nginx@" + pin + " # nginx:1.25\n", "values.yaml"),
              ElementsAre("1:8 /image | values | image | nginx@" + pin + " | nginx:1.25"));
}

TEST(FindInValues, RefusesDuplicateKeys) {
  EXPECT_THAT(found_slots("a:\n  repository: b\n  tag: c\n  tag: d\n", "values.yaml"),
              ElementsAre("malformed: line 4, column 3: duplicate key \"tag\""));
  EXPECT_THAT(found_slots("jobs:\njobs: {a: {image: b}}\n", "values.yaml"),
              ElementsAre("malformed: line 2, column 1: duplicate key \"jobs\""));
  EXPECT_THAT(found_slots("x: 1\nx: 2\nimage: b\n", "values.yaml"), SizeIs(1));
  EXPECT_THAT(found_slots("image: b\nimage: c\n", "values.yaml"),
              ElementsAre("malformed: line 2, column 1: duplicate key \"image\""));
}

}  // namespace
}  // namespace pinhook::files
