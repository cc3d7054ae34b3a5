#include "support/found_slots.hpp"

#include <pinhook/files/image_file.hpp>
#include <pinhook/pin/image_kinds.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

using test::found_slots;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string d = "sha256:" + std::string(64, 'a');

std::string rewritten(const std::string& text, char digit) {
  auto file = image_file::read(text, "app.yaml", {});
  EXPECT_TRUE(file) << file.error().message;
  if (!file) return {};
  std::optional<registry::digest> to;
  if (digit != '\0') to = *registry::digest::parse("sha256:" + std::string(64, digit));
  std::vector<change> changes;
  for (std::size_t i = 0; i < file->slots().size(); ++i)
    if (file->slots()[i].reason == skip_reason::none) changes.push_back({i, to});
  auto out = file->rewrite(changes, pin::pin_format::digest);
  EXPECT_TRUE(out) << out.error().message;
  return out.value_or("");
}

std::string object(std::string_view type, std::string_view spec) {
  const auto space = type.find(' ');
  return fmt::format("apiVersion: {}\nkind: {}\nmetadata: {{name: a}}\nspec: {}\n", type.substr(0, space),
                     type.substr(space + 1), spec);
}

// The name and the image of each slot.
std::vector<std::string> images_of(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string& one : found_slots(text)) {
    const auto behind = one.find(" | ", one.find(" | ") + 3) + 3;
    const auto end = one.rfind(" | ");
    out.push_back(one.substr(end + 3).starts_with('(') ? one.substr(behind) : one.substr(behind, end - behind));
  }
  return out;
}

TEST(FindByKeys, LeavesWhatSkaffoldBuilds) {
  EXPECT_THAT(images_of("apiVersion: skaffold/v4beta11\nkind: Config\nbuild:\n  artifacts:\n"
                        "    - {image: gcr.io/acme/web, ko: {fromImage: 'gcr.io/distroless/static:nonroot'}}\n"
                        "profiles: [{build: {artifacts: [{image: 'gcr.io/acme/job:1'}]}}]\n"
                        "verify: [{container: {image: 'gcr.io/acme/test:1'}}]\n"),
              ElementsAre("build.artifacts[0].image | gcr.io/acme/web | (built)",
                          "build.artifacts[0].ko.fromImage | gcr.io/distroless/static:nonroot",
                          "profiles[0].build.artifacts[0].image | gcr.io/acme/job:1 | (built)",
                          "verify[0].container.image | gcr.io/acme/test:1"));
}

TEST(FindByKeys, FindsImagesOfCustomResources) {
  struct key_case {
    std::string_view type, spec, expected;
  };
  const key_case cases[] = {
      {"monitoring.coreos.com/v1 Prometheus", "{image: 'quay.io/acme/prom:v2.53.0', version: 2.53.0}",
       "spec.image | quay.io/acme/prom:v2.53.0"},
      {"postgresql.cnpg.io/v1 Cluster", "{imageName: 'ghcr.io/acme/postgresql:16.3'}",
       "spec.imageName | ghcr.io/acme/postgresql:16.3"},
      {"example.com/v1 Engine", "{image: {repository: acme/engine, tag: '1.0'}}", "spec.image | acme/engine:1.0"},
      {"example.com/v1 Engine", "{image: {name: acme/engine, tag: '1.0'}}", "spec.image | acme/engine:1.0"},
      {"example.com/v1 Engine", "{engine: {repository: acme/engine, tag: '1.0'}}", "spec.engine | acme/engine:1.0"},
      {"example.com/v1 Engine", "{template: {spec: {image: 'acme/runner:1.0'}}}",
       "spec.template.spec.image | acme/runner:1.0"},
      {"example.com/v1 Engine", "{source: {container: {image: acme/source}}}",
       "spec.source.container.image | acme/source"},
      {"example.com/v1 Engine", "{image: acme/engine, tag: v1}", "spec | acme/engine:v1"},
      {"example.com/v1 Engine", "{sidecarImage: 'acme/side:1'}", "spec.sidecarImage | acme/side:1"},
      {"example.com/v1 Engine", "{images: ['acme/side:1']}", "spec.images[0] | acme/side:1"},
      {"example.com/v1 Engine", "{pod: {env: [{name: RELATED_IMAGE_X, value: 'acme/x:1'}]}}",
       "spec.pod.env[0].value | acme/x:1"},
      {"example.com/v1 Engine", "{image: '$(params.image)'}", "spec.image | $(params.image) | (variable)"},
      {"core.oam.dev/v1beta1 Application", "{components: [{name: a, properties: {image: 'nginx:1.25'}}]}",
       "spec.components[0].properties.image | nginx:1.25"},
      {"operators.coreos.com/v1alpha1 ClusterServiceVersion",
       "{relatedImages: [{name: worker, image: 'quay.io/acme/worker:v1.0.0'}]}",
       "spec.relatedImages[0].image | quay.io/acme/worker:v1.0.0"},
      {"argoproj.io/v1alpha1 Workflow", "{templates: [{dag: {tasks: [{inline: {container: {image: 'acme/a:1'}}}]}}]}",
       "spec.templates[0].dag.tasks[0].inline.container.image | acme/a:1"},
      {"argoproj.io/v1alpha1 Workflow", "{templateDefaults: {container: {image: 'acme/a:1'}}}",
       "spec.templateDefaults.container.image | acme/a:1"},
      {"argoproj.io/v1alpha1 ExecutorPlugin", "{sidecar: {container: {image: 'acme/a:1'}}}",
       "spec.sidecar.container.image | acme/a:1"},
      {"kubevirt.io/v1 VirtualMachine", "{template: {spec: {volumes: [{containerDisk: {image: 'quay.io/a/b:1'}}]}}}",
       "spec.template.spec.volumes[0].containerDisk.image | quay.io/a/b:1"},
  };
  for (const key_case& one : cases)
    EXPECT_THAT(images_of(object(one.type, one.spec)), ElementsAre(one.expected)) << one.spec;
}

TEST(FindByKeys, SearchesKindsOfConfigurationFilesAsAWhole) {
  EXPECT_THAT(images_of("apiVersion: config.example.com/v1\nkind: EngineConfig\nmetadata: {image: 'acme/m:1'}\n"
                        "runtime: {jobs: [{image: 'acme/a:1'}]}\n"),
              ElementsAre("runtime.jobs[0].image | acme/a:1"));
  EXPECT_THAT(images_of("apiVersion: example.com/v1\nkind: Engine\nruntime: {jobs: [{image: 'acme/a:1'}]}\n"),
              IsEmpty());
}

TEST(FindByKeys, LeavesOutWhatIsNoImage) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"example.com/v1 Machine", "{image: ubuntu-22.04}"},
      {"example.com/v1 Machine", "{osImage: 'quay.io/a/b:1'}"},
      {"example.com/v1 Machine", "{machine: {image: {name: gardenlinux, version: 1.2.3}}}"},
      {"infrastructure.cluster.x-k8s.io/v1beta1 OpenStackMachine", "{image: {repository: 'a/b', tag: v1}}"},
      {"example.com/v1 Volume", "{volumes: [{rbd: {image: 'pool/foo'}}]}"},
      {"v1 PersistentVolume", "{rbd: {image: 'pool/foo:1'}}"},
      {"image.toolkit.fluxcd.io/v1 ImageRepository", "{image: 'ghcr.io/acme/web'}"},
      {"kpack.io/v1alpha2 Image", "{image: 'ghcr.io/acme/web:1'}"},
      {"shipwright.io/v1beta1 Build", "{output: {image: 'ghcr.io/acme/web:1'}}"},
      {"tekton.dev/v1 PipelineRun", "{params: [{name: IMAGE, value: 'ghcr.io/acme/web:1'}]}"},
      {"apiextensions.k8s.io/v1 CustomResourceDefinition", "{image: 'acme/a:1'}"},
      {"example.com/v1 Page", "{logoImage: 'acme/logo:1', image: https://example.com/a.png}"},
      {"example.com/v1 Page", "{image: 'a sentence: with a colon', repository: {a: b}}"},
      {"example.com/v1 Git", "{repository: 'https://example.com/a', tag: v1}"},
  };
  for (const auto& [type, spec] : cases) EXPECT_THAT(found_slots(object(type, spec)), IsEmpty()) << type << spec;
  EXPECT_THAT(found_slots("apiVersion: example.com/v1\nkind: A\nstatus: {image: 'acme/a:1'}\nmetadata: {annotations: "
                          "{containerImage: 'acme/a:1'}}\n"),
              IsEmpty());
}

TEST(FindByKeys, LeavesImagesOfPolicies) {
  EXPECT_THAT(images_of(object("kyverno.io/v1 ClusterPolicy",
                               "{rules: [{validate: {pattern: {spec: {containers: [{name: a, image: '!*:latest'}]}}}}, "
                               "{mutate: {containers: [{name: b, image: 'acme/a:1'}]}}]}")),
              ElementsAre("a | !*:latest | (pattern)", "b | acme/a:1 | (pattern)"));
}

TEST(FindByKeys, ReadsObjectsInsideOfObjects) {
  EXPECT_THAT(found_slots(R"(apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
metadata: {name: t}
spec:
  resourcetemplates:
    - apiVersion: tekton.dev/v1
      kind: TaskRun
      metadata: {generateName: run-}
      spec:
        taskSpec:
          steps:
            - {name: s, image: "ubuntu:24.04"}
    - apiVersion: v1
      kind: Pod
      metadata: {name: p, labels: {pinhook.dev/pin: skip}}
      spec:
        containers: [{name: c, image: "nginx:1.25"}]
)"),
              ElementsAre("12:32 /spec/resourcetemplates/0/spec/taskSpec/steps/0/image | TaskRun run- | s | "
                          "ubuntu:24.04 | ubuntu:24.04",
                          "17:39 /spec/resourcetemplates/1/spec/containers/0/image | TriggerTemplate t | c | "
                          "nginx:1.25 | nginx:1.25"));
}

TEST(FindByKeys, ReadsObjectsInTexts) {
  const std::string text = R"(apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  pod.yaml: |
    apiVersion: v1
    kind: Pod
    metadata: {name: web}
    spec:
      containers:
        - name: web
          image: nginx:1.25
    ---
    image: not-an-object:1
  values.yaml: |
    image: acme/a:1
  script: |
    docker run image
)";
  EXPECT_THAT(found_slots(text), ElementsAre("12:18 /data/pod.yaml/spec/containers/0/image | Pod web | web | "
                                             "nginx:1.25 | nginx:1.25"));
  const std::string pinned = rewritten(text, 'a');
  EXPECT_THAT(pinned, HasSubstr("          image: nginx@" + d + " # nginx:1.25\n    ---\n"));
  EXPECT_EQ(rewritten(pinned, '\0'), text);

  const std::string patch =
      "resources: [a.yaml]\npatches:\n  - patch: |-\n      apiVersion: apps/v1\n      kind: Deployment\n"
      "      metadata: {name: web}\n      spec:\n        template:\n          spec:\n            containers:\n"
      "              - {name: web, image: 'nginx:1.25'}\n";
  EXPECT_THAT(found_slots(patch, "kustomization.yaml"), ::testing::SizeIs(1));
}

TEST(FindByKeys, FindsEachImageOnce) {
  EXPECT_THAT(found_slots(object("apps/v1 Deployment",
                                 "{template: {spec: {containers: [{name: a, image: 'a/b:1', env: [{name: X_IMAGE, "
                                 "value: 'c/d:1'}]}], initContainers: [{name: i, image: 'e/f:1'}]}}}")),
              ::testing::SizeIs(3));
  EXPECT_THAT(
      found_slots("apiVersion: example.com/v1\nkind: A\nspec:\n  base: &base {image: 'a/b:1'}\n  c: {<<: *base}\n"
                  "  d: *base\n"),
      ::testing::SizeIs(1));
}

TEST(FindByKeys, AreGuessesInTheFormatOfTheOperator) {
  const auto file = image_file::read(object("postgresql.cnpg.io/v1 Cluster", "{imageName: 'ghcr.io/acme/pg:16.3'}") +
                                         "---\n" + object("example.com/v1 A", "{image: 'ghcr.io/acme/a:1'}"),
                                     "a.yaml", {});
  ASSERT_TRUE(file);
  ASSERT_EQ(file->slots().size(), 2U);
  EXPECT_TRUE(file->slots()[0].is_guess);
  EXPECT_EQ(file->slots()[0].format, pin::pin_format::tag_and_digest);
  EXPECT_FALSE(file->slots()[1].format);
  const std::string pinned = rewritten(file->text(), 'a');
  EXPECT_THAT(pinned, HasSubstr("{imageName: 'ghcr.io/acme/pg:16.3@" + d + "'}\n---"));
  EXPECT_THAT(pinned, HasSubstr("{image: 'ghcr.io/acme/a@" + d + "'} # ghcr.io/acme/a:1\n"));
  EXPECT_EQ(rewritten(pinned, '\0'), file->text());
}

TEST(FindByKeys, PinsAMappingInItsTag) {
  const std::string text =
      "apiVersion: example.com/v1\nkind: Engine\nspec:\n  image:\n    repository: acme/engine\n"
      "    tag: \"1.0\"\n";
  const auto file = image_file::read(text, "a.yaml", {});
  ASSERT_TRUE(file);
  EXPECT_THAT(file->slots().at(0).doubt, HasSubstr("operator"));
  const std::string pinned = rewritten(text, 'a');
  EXPECT_THAT(pinned, HasSubstr("tag: \"1.0@" + d + "\"\n"));
  EXPECT_EQ(rewritten(pinned, '\0'), text);
}

}  // namespace
}  // namespace pinhook::files
