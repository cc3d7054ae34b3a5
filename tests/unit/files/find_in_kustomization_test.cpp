#include "support/found_slots.hpp"

#include <pinhook/files/image_file.hpp>

#include <fmt/format.h>
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

constexpr std::string_view pin = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

TEST(FindInKustomization, PutsAnEntryTogether) {
  EXPECT_THAT(
      found_slots("resources: [web.yaml]\nimages:\n- name: nginx\n  newTag: \"1.25\"\n- newName: ghcr.io/acme/api\n"
                  "  name: api\n  newTag: v2\n- name: redis\n  digest: " +
                      std::string(pin) + "\n- name: db\n  newTag: '16'\n  digest: " + std::string(pin) + "\n",
                  "base/kustomization.yaml"),
      ElementsAre("4:11 /images/0 | kustomization | nginx | nginx:1.25 | nginx:1.25",
                  "7:11 /images/1 | kustomization | api | ghcr.io/acme/api:v2 | ghcr.io/acme/api:v2",
                  "9:11 /images/2 | kustomization | redis | redis@" + std::string(pin) + " | -",
                  "11:11 /images/3 | kustomization | db | db:16@" + std::string(pin) + " | db:16"));
}

TEST(FindInKustomization, LeavesEntriesWithoutATagAlone) {
  EXPECT_THAT(found_slots("images:\n- name: nginx\n  newName: mirror.example.com/nginx\n- name: redis\n  newTag:\n"
                          "- name: db\n  newTag: \"\"\n  digest: \"\"\n- name: api\n  tagSuffix: -arm\n",
                          "kustomization.yml"),
              ElementsAre("3:12 /images/0 | kustomization | nginx | mirror.example.com/nginx | (no-tag-here)",
                          "4:9 /images/1 | kustomization | redis | redis | (no-tag-here)",
                          "6:9 /images/2 | kustomization | db | db | (no-tag-here)",
                          "9:9 /images/3 | kustomization | api | api | (no-tag-here)"));
}

TEST(FindInKustomization, IsKnownByKindOrName) {
  const std::string_view entry = "images: [{name: a, newTag: b}]\n";
  const std::string kind = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";
  const std::string component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
  const std::string flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n";
  for (const std::string_view path : {"kustomization.yaml", "a/b/kustomization.yml", "Kustomization"})
    EXPECT_THAT(found_slots(entry, path), SizeIs(1)) << path;
  for (const std::string_view path : {"", "-", "my-kustomization.yaml", "kustomization.yaml.orig"})
    EXPECT_THAT(found_slots(entry, path), IsEmpty()) << path;
  EXPECT_THAT(found_slots(kind + std::string(entry), "-"), SizeIs(1));
  EXPECT_THAT(found_slots(component + std::string(entry), "x.yaml"), SizeIs(1));
  // kustomize fills in the apiVersion.
  EXPECT_THAT(found_slots("kind: Component\n" + std::string(entry), "kustomization.yaml"), SizeIs(1));
  EXPECT_THAT(found_slots("kind: Component\n" + std::string(entry), "x.yaml"), IsEmpty());
  // The document's own kind counts.
  EXPECT_THAT(found_slots("kind: Shop\n" + std::string(entry), "kustomization.yaml"), IsEmpty());
  EXPECT_THAT(found_slots(flux + std::string(entry), "kustomization.yaml"), IsEmpty());
}

TEST(FindInKustomization, TellsVariablesAndMistakes) {
  EXPECT_THAT(found_slots("images:\n- {name: nginx, newTag: \"${TAG}\"}\n- {name: nginx, newTag: 'a b'}\n"
                          "- {name: nginx, newTag: 1.25}\n",
                          "kustomization.yaml"),
              ElementsAre("2:25 /images/0 | kustomization | nginx | nginx:${TAG} | (variable)",
                          "3:25 /images/1 | kustomization | nginx | nginx:a b | (invalid)",
                          "4:25 /images/2 | kustomization | nginx | nginx:1.25 | nginx:1.25"));
}

TEST(FindInKustomization, ReadsTheTagOfADigestFromItsComment) {
  EXPECT_THAT(found_slots("images:\n- name: nginx\n  digest: \"" + std::string(pin) +
                              "\" # nginx:1.25\n- name: api\n  newName: ghcr.io/acme/api\n  digest: " +
                              std::string(pin) + " # api:v2\n",
                          "kustomization.yaml"),
              ElementsAre("3:11 /images/0 | kustomization | nginx | nginx@" + std::string(pin) + " | nginx:1.25",
                          "6:11 /images/1 | kustomization | api | ghcr.io/acme/api@" + std::string(pin) + " | -"));
}

// A digest in the name has no node that a tag comment could follow.
TEST(FindInKustomization, ReadsADigestInAName) {
  const std::string digest(pin);
  EXPECT_THAT(found_slots("images:\n- name: nginx@" + digest + "\n- name: redis\n  newName: valkey@" + digest +
                              " # valkey:8\n- {name: db@" + digest + ", newTag: , digest: null}\n",
                          "kustomization.yaml"),
              ElementsAre("2:9 /images/0 | kustomization | nginx@" + digest + " | nginx@" + digest + " | (no-tag-here)",
                          "4:12 /images/1 | kustomization | redis | valkey@" + digest + " | (invalid)",
                          "5:10 /images/2 | kustomization | db@" + digest + " | db@" + digest + " | (no-tag-here)"));
}

// More of them: kustomize_image_test.cpp.
TEST(FindInKustomization, ComparesNamesAsKustomizeDoes) {
  EXPECT_THAT(found_slots("images:\n- name: quay.io/acme/web:v1.7.7\n  newTag: v1.8.0\n", "kustomization.yaml"),
              ElementsAre("3:11 /images/0 | kustomization | quay.io/acme/web:v1.7.7 | quay.io/acme/web:v1.8.0 | "
                          "quay.io/acme/web:v1.8.0"));
}

TEST(FindInKustomization, GoesOnThroughTheEntriesBehind) {
  EXPECT_THAT(found_slots("images:\n- {name: a, newTag: v1}\n- {name: a, newTag: v2}\n- {name: b, newTag: v3}\n"
                          "- {name: b, newName: c}\n- {name: d, newTag: v4}\n- {name: d, tagSuffix: -x}\n",
                          "kustomization.yaml"),
              ElementsAre("2:21 /images/0 | kustomization | a | a:v1 | (overridden)",
                          "3:21 /images/1 | kustomization | a | a:v2 | a:v2",
                          "4:21 /images/2 | kustomization | b | c:v3 | c:v3",
                          "5:22 /images/3 | kustomization | b | c | (no-tag-here)",
                          "6:21 /images/4 | kustomization | d | d:v4 | (invalid)",
                          "7:10 /images/5 | kustomization | d | d | (no-tag-here)"));
}

TEST(FindInKustomization, ReportsEntriesThatKustomizeReadsDifferently) {
  EXPECT_THAT(found_slots("images:\n- {name: a, digest: , newTag: v1, tagSuffix: [x]}\n- {name: a, newtag: v1}\n"
                          "- {name: a.*, newTag: v1}\n- {name: a, newName: 'b:v1'}\n- {name: '$(x)', newTag: v1}\n",
                          "kustomization.yaml"),
              ElementsAre("2:31 /images/0 | kustomization | a | a:v1 | (invalid)",
                          "3:10 /images/1 | kustomization | a | a:v1 | (invalid)",
                          "4:23 /images/2 | kustomization | a.* | a.*:v1 | (invalid)",
                          "5:22 /images/3 | kustomization | a | b:v1 | (invalid)",
                          "6:26 /images/4 | kustomization | $(x) | $(x):v1 | (variable)"));
}

TEST(FindInKustomization, TellsANameInAnotherCaseAndTheOldList) {
  const auto odd = image_file::read("images:\n- {Name: a, newTag: v1}\n- {name: b, NEWNAME: c, newTag: v1}\n",
                                    "kustomization.yaml", {});
  ASSERT_TRUE(odd);
  ASSERT_EQ(odd->slots().size(), 2U);
  EXPECT_EQ(odd->slots()[0].problem, "kustomize reads the key \"Name\" as name: write name");
  EXPECT_EQ(odd->slots()[1].problem, "kustomize reads the key \"NEWNAME\" as newName: write newName");
  const auto old = image_file::read("imageTags:\n- {name: a, newTag: v1}\n", "kustomization.yaml", {});
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().message, "line 2, column 1: kustomize reads `imageTags` as `images`: write them there");
}

TEST(FindInKustomization, RefusesMoreEntriesThanAnyoneHas) {
  std::string text = "images:\n";
  for (std::size_t i = 0; i < 2'000; ++i) text += fmt::format("- {{name: a{}, newTag: v1}}\n", i);
  EXPECT_THAT(found_slots(text, "kustomization.yaml"), SizeIs(2'000));
  EXPECT_THAT(found_slots(text + "- {name: b}\n", "kustomization.yaml"),
              ElementsAre("malformed: line 2, column 1: `images` has more than 2000 entries"));
}

TEST(FindInKustomization, FollowsAliasesAndMergeKeys) {
  EXPECT_THAT(
      found_slots("images:\n- &a\n  name: nginx\n  newTag: &t v1\n- <<: *a\n  name: api\n- name: web\n  newTag: *t\n",
                  "kustomization.yaml"),
      ElementsAre("4:14 /images/0 | kustomization | nginx | nginx:v1 | nginx:v1",
                  "4:14 /images/1 | kustomization | api | api:v1 | api:v1",
                  "8:11 /images/2 | kustomization | web | web:v1 | web:v1"));
}

TEST(FindInKustomization, SkipsItemsThatAreNotEntries) {
  for (const std::string_view text :
       {"images:\n", "images: nginx\n", "images: [nginx, {newTag: v1}, {name: ''}, [a]]\n", "image: nginx\n", "[]\n",
        "images\n", ""})
    EXPECT_THAT(found_slots(text, "kustomization.yaml"), IsEmpty()) << text;
}

TEST(FindInKustomization, RefusesDuplicateKeys) {
  EXPECT_THAT(found_slots("images:\n- name: a\n  newTag: b\n  newTag: c\n", "kustomization.yaml"),
              ElementsAre("malformed: line 4, column 3: duplicate key \"newTag\""));
  EXPECT_THAT(found_slots("images: []\nimages: [{name: a, newTag: b}]\n", "kustomization.yaml"),
              ElementsAre("malformed: line 2, column 1: duplicate key \"images\""));
}

}  // namespace
}  // namespace pinhook::files
