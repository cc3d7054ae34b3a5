#include <pinhook/files/known_forms.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

std::string_view title_of(const known_form* form) { return form == nullptr ? "none" : form->title; }

TEST(KnownForms, AreKnownByTheirFiles) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases{
      {".github/workflows/ci.yml", "GitHub workflow"},
      {"./.github/workflows/ci.yaml", "GitHub workflow"},
      {"/srv/web/.github/workflows/ci.yml", "GitHub workflow"},
      {".forgejo/workflows/ci.yml", "GitHub workflow"},
      {".github/workflows/more/ci.yml", "none"},
      {".github/dependabot.yml", "none"},
      {"workflows/ci.yml", "none"},
      {"action.yml", "GitHub action"},
      {".github/actions/setup/action.yaml", "GitHub action"},
      {"myaction.yml", "none"},
      {".gitlab-ci.yml", "GitLab CI"},
      {"ci/build.gitlab-ci.yml", "GitLab CI"},
      {".gitlab/ci/test.yml", "GitLab CI"},
      {".circleci/config.yml", "CircleCI"},
      {".circleci/src/jobs.yml", "CircleCI"},
      {".drone.yml", "Drone"},
      {".woodpecker.yml", "Woodpecker"},
      {".woodpecker/build.yaml", "Woodpecker"},
      {"bitbucket-pipelines.yml", "Bitbucket Pipelines"},
      {"deploy/cloudbuild.yaml", "Cloud Build"},
      {"cloudbuild-prod.yaml", "Cloud Build"},
      {"cloudbuild.json", "Cloud Build"},
      {"cloudbuilder.yaml", "none"},
      {"azure-pipelines.yml", "Azure Pipelines"},
      {"azure-pipelines-nightly.yml", "Azure Pipelines"},
      {".buildkite/pipeline.yml", "Buildkite"},
      {".semaphore/semaphore.yml", "Semaphore"},
      {".gitpod.yml", "Gitpod"},
      {".devcontainer/devcontainer.json", "Dev container"},
      {".devcontainer/python/devcontainer.json", "Dev container"},
      {".devcontainer.json", "Dev container"},
      {"Dockerfile", "Dockerfile"},
      {"web/Dockerfile", "Dockerfile"},
      {"web/Dockerfile.dev", "Dockerfile"},
      {"web.Dockerfile", "Dockerfile"},
      {"web.dockerfile", "Dockerfile"},
      {"Containerfile", "Dockerfile"},
      {"Dockerfile.dockerignore", "none"},
      {"Dockerfiles", "none"},
      {"dockerfile.md", "none"},
      {"docker-bake.hcl", "Docker Bake file"},
      {"docker-bake.override.hcl", "Docker Bake file"},
      {"jobs/web.nomad", "Nomad job"},
      {"jobs/web.nomad.hcl", "Nomad job"},
      {"main.hcl", "none"},
      {"deploy/.env", "Environment variables"},
      {"web.env", "Environment variables"},
      {".env.example", "Environment variables"},
      {".environment", "none"},
      {"werf.yaml", "werf"},
      {".pre-commit-config.yaml", "pre-commit"},
      {"deploy/web.yaml", "none"},
      {"values.yaml", "none"},
      {"compose.yaml", "none"},
      {"-", "none"},
      {"", "none"},
  };
  for (const auto& [path, title] : cases) EXPECT_EQ(title_of(form_of_file(path)), title) << path;
}

TEST(KnownForms, AreKnownByTheirShape) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases{
      {"on: push\njobs: {a: {runs-on: x}}\n", "GitHub workflow"},
      {"jobs: {a: {runs-on: x}}\n", "none"},
      {"on: push\njobs: {a: {steps: []}}\n", "none"},
      {"stages: [x]\na: {script: [], stage: x}\n", "GitLab CI"},
      {"a: {script: []}\n", "none"},
      {"version: 2.1\njobs: {a: {docker: [{image: x}]}}\n", "CircleCI"},
      {"version: 2.1\nexecutors: {a: {docker: [{image: x}]}}\n", "CircleCI"},
      {"version: 2.1\njobs: {a: {docker: []}}\n", "none"},
      {"kind: pipeline\nsteps: [{image: x}]\n", "Drone"},
      {"kind: secret\nsteps: [{image: x}]\n", "none"},
      {"services: {a: {image: x}}\n", "none"},
      {"[{op: add, path: /a, value: b}]\n", "JSON patch"},
      {"[{op: add}]\n", "none"},
      {"{\"containerDefinitions\": [{\"image\": \"a\"}]}\n", "Task definition of Amazon ECS"},
      {"[{docker_container: {image: a}}]\n", "Ansible"},
      {"[{tasks: [{containers.podman.podman_container: {image: a}}]}]\n", "Ansible"},
      {"[1, 2]\n", "none"},
      {"text\n", "none"},
  };
  for (const auto& [text, title] : cases) {
    const auto from = yaml::read_source(text);
    ASSERT_TRUE(from) << text;
    EXPECT_EQ(title_of(form_of_shape(from->documents.at(0))), title) << text;
  }
}

TEST(KnownForms, OfObjectsAreKnownByTheirGroup) {
  EXPECT_EQ(title_of(form_of_group("tekton.dev")), "Tekton bundle");
  EXPECT_EQ(title_of(form_of_group("pkg.crossplane.io")), "Crossplane package");
  EXPECT_EQ(title_of(form_of_group("apps")), "none");
  EXPECT_EQ(title_of(form_of_group("")), "none");
}

TEST(KnownForms, HaveASourceAndOneRowEach) {
  std::set<std::string_view> titles;
  for (const known_form& one : known_forms()) {
    EXPECT_TRUE(titles.insert(one.title).second) << one.title;
    EXPECT_TRUE(one.source.starts_with("https://")) << one.title;
    EXPECT_NE(one.files.empty() && one.shape.empty(), one.group.empty()) << one.title;
    const bool is_yaml = one.syntax == file_syntax::yaml || one.syntax == file_syntax::json_with_comments;
    EXPECT_EQ(image_paths_of(one).size() + values_paths_of(one).size() > 0, is_yaml) << one.title;
  }
}

}  // namespace
}  // namespace pinhook::files
