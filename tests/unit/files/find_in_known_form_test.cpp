// The images of each known form; files of real shape are in tests/corpus/ci.
#include "support/found_slots.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

using test::found_slots;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Only image and meaning: "nginx:1.25 | nginx:1.25".
std::vector<std::string> images(std::string_view path, std::string_view text) {
  std::vector<std::string> out;
  for (const std::string& line : found_slots(text, path)) {
    const std::size_t last = line.rfind(" | ");
    const std::size_t image = last == std::string::npos ? last : line.rfind(" | ", last - 1);
    out.push_back(image == std::string::npos ? line : line.substr(image + 3));
  }
  return out;
}

struct form_case {
  const char* path;
  const char* text;
  std::vector<std::string> found;
};

constexpr const char* workflow = ".github/workflows/ci.yml";
constexpr const char* gitlab = ".gitlab-ci.yml";

TEST(FindInKnownForm, FindsTheImagesOfEachForm) {
  const std::vector<form_case> cases{
      {workflow, "jobs: {a: {container: 'node:20'}}", {"node:20 | node:20"}},
      {workflow, "jobs: {a: {container: {image: 'node:20'}}}", {"node:20 | node:20"}},
      {workflow, "jobs: {a: {container: 'docker://node:20'}}", {"node:20 | node:20"}},
      {workflow, "jobs: {a: {container: ''}}", {}},
      {workflow, "jobs: {a: {container: '${{ matrix.image }}'}}", {"${{ matrix.image }} | (variable)"}},
      {workflow, "jobs: {a: {container: 'no image'}}", {"no image | (invalid)"}},
      {workflow,
       "jobs: {a: {services: {db: {image: 'postgres:16'}, c: 'redis:7'}}}",
       {"postgres:16 | postgres:16", "redis:7 | redis:7"}},
      {workflow,
       "jobs: {a: {steps: [{uses: 'docker://alpine:3.20'}, {uses: 'actions/checkout@v4'}, {uses: ./x}]}}",
       {"alpine:3.20 | alpine:3.20"}},
      {workflow, "jobs: {a: {steps: [{with: {image: 'alpine:3.20'}}]}, b: {uses: x/y@v1}}", {}},
      {"x.yml", "on: push\njobs: {a: {runs-on: x, container: 'node:20'}}", {"node:20 | node:20"}},
      {"action.yml", "runs: {using: docker, image: 'docker://alpine:3.20'}", {"alpine:3.20 | alpine:3.20"}},
      {"action.yml", "runs: {using: docker, image: Dockerfile}", {}},
      {"action.yml",
       "runs: {using: composite, steps: [{uses: 'docker://alpine:3.20'}]}",
       {"alpine:3.20 | alpine:3.20"}},
      {gitlab, "image: ruby:3.3", {"ruby:3.3 | ruby:3.3"}},
      {gitlab, "image: {name: 'ruby:3.3', entrypoint: ['']}", {"ruby:3.3 | ruby:3.3"}},
      {gitlab,
       "default: {image: 'ruby:3.3', services: ['docker:dind']}",
       {"ruby:3.3 | ruby:3.3", "docker:dind | docker:dind"}},
      {gitlab, "a: {image: 'ruby:3.3', services: [{name: 'redis:7'}]}", {"ruby:3.3 | ruby:3.3", "redis:7 | redis:7"}},
      {gitlab,
       "a: {image: '$IMAGE'}\nb: {image: '$[[ inputs.image ]]'}",
       {"$IMAGE | (variable)", "$[[ inputs.image ]] | (variable)"}},
      {gitlab, "variables: {image: x}\ninclude: {image: x}\nspec: {inputs: {image: x}}", {}},
      {gitlab, "a: {image: !reference [.b, image], script: []}", {}},
      {gitlab, ".b: &b {image: 'ruby:3.3'}\na: {<<: *b, script: []}", {"ruby:3.3 | ruby:3.3"}},
      {".circleci/config.yml",
       "jobs: {a: {docker: [{image: 'cimg/go:1.23'}, {image: 'cimg/<< parameters.x >>'}]}}",
       {"cimg/go:1.23 | cimg/go:1.23", "cimg/<< parameters.x >> | (variable)"}},
      {".circleci/config.yml", "jobs: {a: {machine: {image: 'ubuntu-2204:current'}}}", {}},
      {".circleci/config.yml",
       "orbs: {o: {executors: {e: {docker: [{image: 'cimg/go:1.23'}]}}}}",
       {"cimg/go:1.23 | cimg/go:1.23"}},
      {".drone.yml",
       "kind: pipeline\nsteps: [{image: 'golang:1.23'}]\nservices: [{image: 'redis:7'}]",
       {"golang:1.23 | golang:1.23", "redis:7 | redis:7"}},
      {".drone.yml",
       "pipeline: {a: {image: 'golang:1.23'}}\nservices: {b: {image: 'redis:7'}}",
       {"golang:1.23 | golang:1.23", "redis:7 | redis:7"}},
      {"ci.yml", "kind: pipeline\nsteps: [{image: 'golang:1.23'}]", {"golang:1.23 | golang:1.23"}},
      {".woodpecker.yml",
       "steps: {a: {image: golang}}\nclone: [{image: 'git:1'}]",
       {"golang | golang", "git:1 | git:1"}},
      {"bitbucket-pipelines.yml",
       "image: {name: 'node:20'}\ndefinitions: {services: {db: {image: {name: 'db:1'}}}}",
       {"node:20 | node:20", "db:1 | db:1"}},
      {"bitbucket-pipelines.yml",
       "pipelines: {custom: {x: [{step: {image: 'a:1'}}, {parallel: [{step: {image: 'b:1'}}]}]}}",
       {"a:1 | a:1", "b:1 | b:1"}},
      {"bitbucket-pipelines.yml",
       "pipelines: {default: [{step: {script: [{pipe: 'docker://a:1'}, {pipe: 'x/y:1'}]}}]}",
       {"a:1 | a:1"}},
      {"cloudbuild.yaml",
       "steps: [{name: 'gcr.io/b/docker', id: x}, {name: 'gcr.io/$PROJECT_ID/x'}]\nimages: ['a:1']",
       {"gcr.io/b/docker | gcr.io/b/docker", "gcr.io/$PROJECT_ID/x | (variable)"}},
      {"cloudbuild.json", R"({"steps": [{"name": "gcr.io/b/docker:1"}]})", {"gcr.io/b/docker:1 | gcr.io/b/docker:1"}},
      {"azure-pipelines.yml",
       "resources: {containers: [{container: a, image: 'u:1'}]}\njobs: [{container: {image: 'b:1'}}]",
       {"u:1 | u:1", "b:1 | b:1"}},
      {"azure-pipelines.yml", "pool: {vmImage: ubuntu-22.04}", {}},
      {"azure-pipelines.yml",
       "resources: {containers: [{container: a, image: 'u:1'}]}\njobs: [{container: a}, {container: 'b:1'}]\n"
       "stages: [{jobs: [{container: ghcr.io/x/c}, {container: '$[variables.c]'}]}]",
       {"u:1 | u:1", "b:1 | b:1", "ghcr.io/x/c | ghcr.io/x/c"}},
      {"docker-bake.json",
       R"({"target": {"app": {"contexts": {"base": "docker-image://alpine:3.20", "src": "target:x"}, "tags": ["a:1"]}}})",
       {"alpine:3.20 | alpine:3.20"}},
      {".buildkite/pipeline.yml",
       "steps: [{plugins: [{'docker#v5': {image: 'a:1'}}]}, {image: 'b:1'}]",
       {"a:1 | a:1", "b:1 | b:1"}},
      {".buildkite/pipeline.yml", "[{image: 'a:1'}, {wait: null}]", {"a:1 | a:1"}},
      {".buildkite/pipeline.yml",
       "agents: {image: 'a:1'}\nsteps: [{agents: {image: 'b:1'}}, {agents: {image: family/ubuntu}}]",
       {"a:1 | a:1", "b:1 | b:1"}},
      {"fleet.yaml",
       "helm: {chart: c, values: {image: {repository: acme/web, tag: v1}}}\n"
       "targetCustomizations: [{helm: {values: {image: {tag: v2}, side: {image: 'b:1'}}}}]",
       {"acme/web:v1 | acme/web:v1", "b:1 | b:1"}},
      {"helmfile.yaml",
       "releases: [{chart: a, values: [{image: {repository: acme/web, tag: v1}}, ./x.yaml]}]",
       {"acme/web:v1 | acme/web:v1"}},
      {"devspace.yaml",
       "images: {a: {image: acme/app}}\ndeployments: {a: {helm: {values: {containers: [{image: 'a:1'}]}}}}\n"
       "dev: {a: {devImage: 'b:1'}}",
       {"a:1 | a:1", "b:1 | b:1"}},
      {"okteto.yml",
       "build: {a: {image: 'acme/a:1'}}\ndev: {a: {image: 'b:1'}}\ntest: {u: {image: '${X}'}}",
       {"b:1 | b:1", "${X} | (variable)"}},
      {"task.json",
       R"({"family": "x", "containerDefinitions": [{"name": "a", "image": "acme/a:1"}]})",
       {"acme/a:1 | acme/a:1"}},
      {"werf.yaml",
       "configVersion: 1\n---\nimage: web\nfrom: alpine:3.20\n---\nimage: b\ndockerfile: Dockerfile\n",
       {"alpine:3.20 | alpine:3.20"}},
      {".pre-commit-config.yaml",
       "repos: [{repo: local, hooks: [{language: docker_image, entry: 'a:1'}, {language: docker_image, entry: 'b:1 "
       "x'}, "
       "{language: system, entry: 'c:1'}]}]",
       {"a:1 | a:1"}},
      {"play.yml",
       "- hosts: all\n  tasks: [{community.docker.docker_container: {name: a, image: 'a:1'}}, "
       "{block: [{containers.podman.podman_container: {image: '{{ x }}'}}]}]",
       {"a:1 | a:1", "{{ x }} | (variable)"}},
      {"tasks/main.yml", "- docker_container: {name: a, image: 'a:1'}", {"a:1 | a:1"}},
      {"kind.yaml",
       "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nnodes: [{role: worker, image: 'kindest/node:v1.35.0'}]",
       {"kindest/node:v1.35.0 | kindest/node:v1.35.0"}},
      {"k3d.yaml",
       "apiVersion: k3d.io/v1alpha5\nkind: Simple\nimage: rancher/k3s:v1.35.0-k3s1\nregistries: {create: {image: "
       "'a:1'}}",
       {"rancher/k3s:v1.35.0-k3s1 | rancher/k3s:v1.35.0-k3s1", "a:1 | a:1"}},
      {"k3d.yaml", "apiVersion: k3d.io/v1alpha5\nkind: Simple\nimage: latest", {}},
      {"scorecard.yaml",
       "apiVersion: scorecard.operatorframework.io/v1alpha3\nkind: Configuration\n"
       "stages: [{tests: [{image: 'a:1'}]}]",
       {"a:1 | a:1"}},
      {"stream.yaml",
       "apiVersion: image.openshift.io/v1\nkind: ImageStream\nspec: {tags: [{name: '1', from: {kind: DockerImage, "
       "name: "
       "'a:1'}}, {from: {kind: ImageStreamTag, name: 'b:1'}}]}",
       {"a:1 | a:1"}},
      {"build.yaml",
       "apiVersion: build.openshift.io/v1\nkind: BuildConfig\nspec: {strategy: {dockerStrategy: {from: {kind: "
       "DockerImage, name: 'a:1'}}}, output: {to: {kind: DockerImage, name: 'b:1'}}}",
       {"a:1 | a:1"}},
      {"patch.yaml",
       "- {op: replace, path: /spec/template/spec/containers/0/image, value: nginx}\n"
       "- {op: add, path: /spec/template/spec/containers/-, value: {name: side, image: 'side:1'}}\n"
       "- {op: add, path: /spec/template/spec/initContainers, value: [{image: init}]}\n"
       "- {op: test, path: /spec/template/spec/containers/0/image, value: 'old:1'}\n"
       "- {op: remove, path: /spec/replicas}\n"
       "- {op: add, path: /spec/engine, value: {image: word}}\n"
       "- {op: add, path: /spec/sidecarImage, value: 'acme/side:1'}\n",
       {"nginx | nginx", "side:1 | side:1", "init | init", "acme/side:1 | acme/side:1"}},
      {".semaphore/semaphore.yml", "agent: {containers: [{image: 'a:1'}], machine: {os_image: ubuntu}}", {"a:1 | a:1"}},
      {".gitpod.yml", "image: {file: .gitpod.Dockerfile}", {}},
      {".gitpod.yml", "image: a:1", {"a:1 | a:1"}},
  };
  for (const form_case& one : cases) EXPECT_EQ(images(one.path, one.text), one.found) << one.path << ": " << one.text;
}

TEST(FindInKnownForm, NamesPlaceAndForm) {
  EXPECT_THAT(found_slots("jobs:\n  test:\n    steps:\n      - uses: docker://alpine:3.20\n", workflow),
              ElementsAre("4:15 /jobs/test/steps/0/uses | GitHub workflow | jobs.test.steps[0].uses | alpine:3.20 | "
                          "alpine:3.20"));
}

TEST(FindInKnownForm, TakesAnImageThroughAnAliasOnce) {
  EXPECT_THAT(images("bitbucket-pipelines.yml",
                     "definitions: {steps: [{step: &s {image: 'a:1'}}]}\npipelines: {default: [{step: *s}]}\n"),
              ElementsAre("a:1 | a:1"));
}

TEST(FindInKnownForm, ReadsTagsFromComments) {
  const std::string digest(64, 'a');
  EXPECT_THAT(
      images(workflow, "jobs:\n  a:\n    steps:\n      - uses: docker://alpine@sha256:" + digest + " # alpine:3.20\n"),
      ElementsAre("alpine@sha256:" + digest + " | alpine:3.20"));
}

TEST(FindInKnownForm, ReadsFieldsOfObjects) {
  EXPECT_THAT(images("a.yaml", R"(apiVersion: tekton.dev/v1
kind: TaskRun
spec:
  taskRef:
    resolver: bundles
    params: [{name: bundle, value: "quay.io/acme/init:0.2"}, {name: name, value: init}]
---
apiVersion: tekton.dev/v1
kind: TaskRun
spec: {taskRef: {resolver: hub, params: [{name: bundle, value: "quay.io/acme/init:0.2"}]}}
---
apiVersion: tekton.dev/v1beta1
kind: PipelineRun
spec: {pipelineRef: {name: x, bundle: "quay.io/acme/old:1"}}
---
apiVersion: pkg.crossplane.io/v1
kind: Configuration
metadata: {labels: {pinhook.dev/pin: skip}}
spec: {package: "xpkg.upbound.io/acme/conf:v1"}
---
apiVersion: v1
kind: List
items:
  - apiVersion: pkg.crossplane.io/v1
    kind: Provider
    spec: {package: "xpkg.upbound.io/acme/aws:v1"}
---
apiVersion: example.com/v1
kind: Provider
spec: {package: "xpkg.upbound.io/acme/aws:v1"}
)"),
              ElementsAre("quay.io/acme/init:0.2 | quay.io/acme/init:0.2", "quay.io/acme/old:1 | quay.io/acme/old:1",
                          "xpkg.upbound.io/acme/conf:v1 | (skip-label)",
                          "xpkg.upbound.io/acme/aws:v1 | xpkg.upbound.io/acme/aws:v1"));
}

TEST(FindInKnownForm, LeavesOtherFilesAsTheyWere) {
  EXPECT_THAT(images("values.yaml", "on: x\njobs: {a: {runs-on: x}}\nimage: {repository: a, tag: b}\n"),
              ElementsAre("a:b | a:b"));
  EXPECT_THAT(images("ci/compose.yaml", "services: {a: {image: 'a:1'}}\n"), ElementsAre("a:1 | a:1"));
  EXPECT_THAT(images("x.yml", "container: 'a:1'\n"), IsEmpty());
}

}  // namespace
}  // namespace pinhook::files
