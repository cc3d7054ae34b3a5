#include "support/found_slots.hpp"

#include <pinhook/files/found_image.hpp>
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

const std::string pin = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

TEST(FindImages, FindsNothingInOtherFiles) {
  for (const std::string_view text :
       {"", "\n", "# nothing\n", "---\n---\n", "image: nginx:1\n", "{\"image\": \"nginx:1\"}", "[image]", "nginx:1",
        "apiVersion: v1\nkind: ConfigMap\ndata: {image: nginx:1, repository: a, tag: b}\n",
        "apiVersion: 1\nkind: Pod\nspec: {containers: [{image: a:1}]}\n",
        "kind: Pod\nspec: {containers: [{image: a}]}\n"})
    EXPECT_THAT(found_slots(text, "x.yaml"), IsEmpty()) << text;
}

TEST(FindImages, GivesThemInTheOrderOfTheText) {
  // Both by pointer and by the engine, initContainers come at their place in the text; the alias at its own place.
  EXPECT_THAT(
      found_slots("apiVersion: v1\nkind: Pod\nx: &i d:1\nspec:\n  volumes: [{name: v, image: {reference: a:1}}]\n"
                  "  initContainers: [{name: i, image: *i}]\n  containers: [{name: c, image: b:1}]\n---\n"
                  "services: {s: {image: c:1}}\n"),
      ElementsAre("5:42 /spec/volumes/0/image/reference | Pod | v | a:1 | a:1",
                  "6:37 /spec/initContainers/0/image | Pod | i | d:1 | d:1",
                  "7:33 /spec/containers/0/image | Pod | c | b:1 | b:1",
                  "9:23 /services/s/image | service s | s | c:1 | c:1"));
}

TEST(FindImages, ReadsTagsFromTheCommentsOfALine) {
  const std::string text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - {name: a, image: nginx@" + pin +
                           "} # nginx:1.25 # the front\n  - {name: b, image: redis@" + pin +
                           "} # nginx:1.25\n  initContainers: [{name: c, image: a@" + pin + "}, {name: d, image: b@" +
                           pin + "}, {name: e, image: a@" + pin + "}, {name: f, image: a:0@" + pin +
                           "}] # a:1 # b # a:2\n";
  EXPECT_THAT(found_slots(text), ElementsAre("5:22 /spec/containers/0/image | Pod | a | nginx@" + pin + " | nginx:1.25",
                                             "6:22 /spec/containers/1/image | Pod | b | redis@" + pin + " | -",
                                             "7:37 /spec/initContainers/0/image | Pod | c | a@" + pin + " | a:1",
                                             "7:130 /spec/initContainers/1/image | Pod | d | b@" + pin + " | b",
                                             "7:223 /spec/initContainers/2/image | Pod | e | a@" + pin + " | a:2",
                                             "7:316 /spec/initContainers/3/image | Pod | f | a:0@" + pin + " | a:0"));
}

TEST(FindImages, ReadsTheTagOfAnAliasAtItsAnchor) {
  EXPECT_THAT(found_slots("x-image: &i nginx@" + pin +
                          " # nginx:1.25\nservices:\n  a: {image: *i} # nginx:1.24\n"
                          "  b: {image: *i}\n"),
              ElementsAre("3:14 /services/a/image | service a | a | nginx@" + pin + " | nginx:1.25",
                          "4:14 /services/b/image | service b | b | nginx@" + pin + " | nginx:1.25"));
}

TEST(FindImages, ReadsTheTagOfABlockAtItsIndicator) {
  EXPECT_THAT(found_slots("services:\n  a:\n    image: >- # nginx:1.25\n      nginx@" + pin +
                          "\n  b:\n    image: |-\n      b@" + pin + "\n"),
              ElementsAre("4:7 /services/a/image | service a | a | nginx@" + pin + " | nginx:1.25",
                          "7:7 /services/b/image | service b | b | b@" + pin + " | -"));
}

TEST(FindImages, RefusesTemplatesThatParse) {
  struct row {
    std::string_view text, place;
  };
  for (const row& r : {
           row{"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: {{ .Values.image }}\n",
               "line 5, column 12"},
           row{"{{ include \"all\" . }}\n---\nimage: x\n", "line 1, column 1"},
           row{"apiVersion: v1\nkind: Pod\nspec: {containers: [{image: a:1}]}\n---\nmetadata: {{ toYaml .x | nindent 4 "
               "}}\n",
               "line 5, column 11"},
           row{"a: [{{ .x }}]\nimage: x\n", "line 1, column 5"},
       })
    EXPECT_THAT(found_slots(r.text), ElementsAre("unsupported: " + std::string(r.place) +
                                                 ": a Helm template, not YAML; render it first: helm template …"));
}

TEST(FindImages, TakesActionsInsideOfStrings) {
  EXPECT_THAT(found_slots("apiVersion: v1\nkind: Pod\nmetadata: {name: \"{{ .Release.Name }}\"}\nspec:\n"
                          "  containers: [{name: a, image: \"{{ .x }}\"}]\n"),
              ElementsAre("5:33 /spec/containers/0/image | Pod {{ .Release.Name }} | a | {{ .x }} | (variable)"));
  // Mappings in mappings, as in JSON.
  EXPECT_THAT(found_slots("{services: {web: {image: a:1}},x: {y: {z: {}}}}"),
              ElementsAre("1:26 /services/web/image | service web | web | a:1 | a:1"));
}

TEST(FindImages, NeedsNoLookAtTextsWithoutTheirKeys) {
  const image_places none;
  EXPECT_FALSE(may_hold_images("", "a.yaml", none));
  EXPECT_FALSE(may_hold_images("apiVersion: v1\nkind: ConfigMap\ndata: {a: \"b\\n\"}\n", "a.yaml", none));
  EXPECT_FALSE(may_hold_images("repo: a\ntag: b\n", "values.yaml", none));
  EXPECT_TRUE(may_hold_images("repository: a\ntag: b\n", "a.yaml", none));
  EXPECT_TRUE(may_hold_images("spec: {initImage: a}\n", "a.yaml", none));
  EXPECT_TRUE(may_hold_images("env: [{name: RELATED_IMAGE_A, value: a}]\n", "a.yaml", none));
  EXPECT_TRUE(may_hold_images("spec: {image: a}\n", "a.yaml", none));
  EXPECT_TRUE(may_hold_images("{\"im\\u0061ge\": \"a\"}", "a.yaml", none));
  EXPECT_TRUE(may_hold_images("\"\\x69mage\": a", "a.yaml", none));
  image_places more;
  more.kinds = pin::pod_paths({{"example.com", "Fleet", {"spec.run"}}});
  more.paths.push_back({"*.conf", {"tool"}});
  EXPECT_TRUE(may_hold_images("spec: {run: a}\n", "a.yaml", more));
  EXPECT_FALSE(may_hold_images("spec: {walk: a}\n", "a.yaml", more));
  EXPECT_TRUE(may_hold_images("tool: a\n", "a.conf", more));
  EXPECT_FALSE(may_hold_images("tool: a\n", "a.yaml", more));
}

TEST(FindImages, ReadsAListOfManyObjectsAtOnce) {
  // Each item is visited once: the cost grows with the text.
  std::string text = "apiVersion: v1\nkind: List\nitems:\n";
  for (int i = 0; i < 2000; ++i)
    text += "- apiVersion: v1\n  kind: Pod\n  spec: {containers: [{name: a, image: b:1}]}\n";
  auto from = yaml::read_source(text);
  ASSERT_TRUE(from);
  const auto found = find_images(*from, text, "", {});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 2000U);
  EXPECT_EQ(found->back().slot.pointer, "/items/1999/spec/containers/0/image");
}

TEST(FindImages, WritesPointersAsPaths) {
  EXPECT_EQ(path_text(""), "");
  EXPECT_EQ(path_text("/spec/jobs/0/image"), "spec.jobs[0].image");
  EXPECT_EQ(path_text("/a~1b/c~0d"), "a/b.c~d");
}

}  // namespace
}  // namespace pinhook::files
