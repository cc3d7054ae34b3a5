#include "support/found_slots.hpp"

#include <pinhook/files/image_search.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pinhook::files {
namespace {

using test::found_slots;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

image_places places_of(std::string files, std::vector<std::string> paths) {
  image_places out;
  out.paths.push_back({std::move(files), std::move(paths)});
  return out;
}

TEST(FindByPath, FollowsMembersElementsAndValues) {
  const auto places = places_of("**/tools.yaml", {"runner", "jobs[*].run.on", "stages{*}.with", "helm.image"});
  EXPECT_THAT(found_slots("stages: {build: {with: gcc:13}, 'test/unit': {with: gtest:1}}\nrunner: alpine\njobs:\n"
                          "- run: {on: a:1}\n- run: {on: 12}\n- none\n- run: {on: ''}\nhelm:\n"
                          "  image: {repository: b, tag: v1}\n",
                          "ci/tools.yaml", places),
              ElementsAre("1:24 /stages/build/with | document | stages.build.with | gcc:13 | gcc:13",
                          "1:53 /stages/test~1unit/with | document | stages.test/unit.with | gtest:1 | gtest:1",
                          "2:9 /runner | document | runner | alpine | alpine",
                          "4:13 /jobs/0/run/on | document | jobs[0].run.on | a:1 | a:1",
                          "9:31 /helm/image | document | helm.image | b:v1 | b:v1"));
}

TEST(FindByPath, AppliesToFilesOfAGlob) {
  const custom_paths custom{"**/argo-values.yaml", {"server.image"}};
  for (const std::string_view path :
       {"argo-values.yaml", "./argo-values.yaml", "a/argo-values.yaml", "/a/b/argo-values.yaml"})
    EXPECT_TRUE(applies_to(custom, path)) << path;
  for (const std::string_view path : {"", "-", "my-argo-values.yaml", "argo-values.yaml/x", "argo-values.yml"})
    EXPECT_FALSE(applies_to(custom, path)) << path;
  EXPECT_TRUE(applies_to({"deploy/*.json", {}}, "./deploy/a.json"));
  EXPECT_FALSE(applies_to({"deploy/*.json", {}}, "deploy/a/b.json"));
  EXPECT_THAT(found_slots("server: {image: a:1}\n", "other.yaml", places_of("x.yaml", {"server.image"})), IsEmpty());
}

TEST(FindByPath, AddsImagesOnce) {
  const auto places = places_of("**", {"image", "spec.containers[*].image", "spec.extra", "spec.extra"});
  EXPECT_THAT(
      found_slots("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers: [{name: a, image: b:1}]\n"
                  "  extra: c:1\n---\nimage: d:1\n",
                  "values.yaml", places),
      ElementsAre("5:33 /spec/containers/0/image | Pod web | a | b:1 | b:1",
                  "6:10 /spec/extra | Pod web | spec.extra | c:1 | c:1", "8:8 /image | values | image | d:1 | d:1"));
}

TEST(FindByPath, HeedsTheSkipLabel) {
  EXPECT_THAT(
      found_slots("apiVersion: v1\nkind: Shop\nmetadata: {labels: {pinhook.dev/pin: skip}}\nspec: {extra: c:1}\n",
                  "a.yaml", places_of("*", {"spec.extra"})),
      ElementsAre("4:15 /spec/extra | Shop | spec.extra | c:1 | (skip-label)"));
}

TEST(FindByPath, FollowsAliases) {
  EXPECT_THAT(found_slots("x: &x a:1\nimages: {a: *x, b: *x}\nmore: &m {run: c:1}\nother: *m\n", "a.yaml",
                          places_of("*", {"images{*}", "more.run", "other.run"})),
              ElementsAre("2:13 /images/a | document | images.a | a:1 | a:1",
                          "2:20 /images/b | document | images.b | a:1 | a:1",
                          "3:16 /more/run | document | more.run | c:1 | c:1"));
}

TEST(FindByPath, RefusesInvalidDocuments) {
  EXPECT_THAT(found_slots("a: b:1\na: c:1\n", "a.yaml", places_of("*", {"a"})),
              ElementsAre("malformed: line 2, column 1: duplicate key \"a\""));
  EXPECT_THAT(found_slots("a:\n  b: c:1\n  b: d:1\n", "a.yaml", places_of("*", {"a{*}"})),
              ElementsAre("malformed: line 3, column 3: duplicate key \"b\""));
  EXPECT_THAT(found_slots("a: b:1\n", "a.yaml", places_of("*", {"a..b"})), ElementsAre(HasSubstr("invalid_input: ")));
  // Aliases that double the size with every line.
  std::string text = "x0: &x0 {a: b:1, b: b:2}\n", path = "x39";
  for (int i = 1; i < 40; ++i) text += fmt::format("x{}: &x{} {{a: *x{}, b: *x{}}}\n", i, i, i - 1, i - 1);
  for (int i = 0; i < 40; ++i) path += "{*}";
  EXPECT_THAT(found_slots(text, "a.yaml", places_of("*", {path})),
              ElementsAre(HasSubstr("its aliases expand to more than")));
}

}  // namespace
}  // namespace pinhook::files
