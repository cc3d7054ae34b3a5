#include <pinhook/pipeline/kustomization_gaps.hpp>

#include "support/certificates.hpp"
#include "support/fake_resolver.hpp"
#include "support/made_rules.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::temporary_directory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string a = pinhook::testing::digest_of_digit('a').to_string();

class KustomizationGaps : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((files_.path() / name).parent_path());
    return files_.write(name, text).string();
  }
  std::string pod(const std::string& name, const std::vector<std::string>& images, const std::string& more = "") {
    std::string text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n" + more + "spec:\n  containers:\n";
    for (const auto& image : images) text += "    - name: c\n      image: " + image + "\n";
    return write(name, text);
  }
  result<kustomization_gaps> find(const std::string& text, const std::set<std::filesystem::path>& inputs = {}) {
    return find_kustomization_gaps((files_.path() / "over/kustomization.yaml").string(), text,
                                   {inputs, image_places_, orders_, overlays_});
  }
  std::vector<std::string> missing(const std::string& text, const std::set<std::filesystem::path>& inputs = {}) {
    const auto gaps = find(text, inputs);
    if (!gaps) return {"error: " + gaps.error().message};
    std::vector<std::string> out;
    for (const auto& gap : gaps->missing) out.push_back(gap.ref.written());
    return out;
  }
  std::string refusal(const std::string& text) {
    const auto gaps = find(text);
    if (gaps) return "";
    EXPECT_EQ(gaps.error().code, error_code::invalid_input);
    return gaps.error().message;
  }
  std::vector<std::string> notes(const std::string& text) {
    const auto gaps = find(text);
    EXPECT_TRUE(gaps);
    return gaps ? gaps->notes : std::vector<std::string>{};
  }

  temporary_directory files_;
  std::vector<controller_overlay> overlays_;
  files::image_places image_places_;
  slot_rules orders_;
};

TEST_F(KustomizationGaps, AreImagesThatNoEntryNames) {
  pod("over/a.yaml", {"nginx:1.25", "redis:7", "busybox@" + a});
  pod("over/b.yaml", {"nginx:1.25", "alpine"});
  EXPECT_THAT(missing("resources: [a.yaml, b.yaml]\nimages:\n  - {name: redis, newTag: \"7.2\"}\n"),
              ElementsAre("nginx:1.25", "alpine"));
  const auto gaps = find("resources: [a.yaml]\n");
  ASSERT_TRUE(gaps);
  EXPECT_TRUE(gaps->missing[0].place.ends_with("over/a.yaml:8:14")) << gaps->missing[0].place;
}

TEST_F(KustomizationGaps, GoThroughDirectories) {
  pod("base/a.yaml", {"nginx:1.25"});
  write("base/kustomization.yml", "resources: [a.yaml, ../lib]\n");
  pod("lib/b.yaml", {"redis:7"});
  write("lib/Kustomization", "resources: [b.yaml]\n");
  EXPECT_THAT(missing("bases: [../base]\n"), ElementsAre("nginx:1.25", "redis:7"));
}

TEST_F(KustomizationGaps, FollowEntriesOnTheWay) {
  pod("base/a.yaml", {"nginx:1.25", "redis:7", "alpine:3", "busybox:1"});
  write("base/kustomization.yaml",
        "resources: [a.yaml]\nimages:\n  - {name: nginx, newTag: \"1.26\"}\n  - {name: redis, newName: mirror/redis}\n"
        "  - {name: alpine, digest: \"" +
            a + "\"}\n  - {name: busybox, tagSuffix: -glibc}\n");
  EXPECT_THAT(missing("resources: [../base]\n"), ElementsAre("nginx:1.26", "mirror/redis:7", "busybox:1-glibc-glibc"));
}

TEST_F(KustomizationGaps, FollowComponents) {
  pod("over/a.yaml", {"nginx:1.25"});
  pod("part/b.yaml", {"redis:7"});
  const auto part = write("part/kustomization.yaml",
                          "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [b.yaml]\n"
                          "images:\n  - {name: nginx, newTag: \"1.26\"}\n");
  const std::string text = "resources: [a.yaml]\ncomponents: [../part]\n";
  EXPECT_THAT(missing(text), ElementsAre("nginx:1.26", "redis:7"));
  // A component of the same run pins the images of its entries by itself.
  EXPECT_THAT(missing(text, {std::filesystem::weakly_canonical(part)}), IsEmpty());
}

TEST_F(KustomizationGaps, LeaveOutImagesPinnedInTheirOwnFile) {
  const auto file = pod("over/a.yaml", {"nginx:1.25"});
  pod("base/b.yaml", {"redis:7"});
  const auto base = write("base/kustomization.yaml", "resources: [b.yaml]\n");
  EXPECT_THAT(missing("resources: [a.yaml, ../base]\n",
                      {std::filesystem::weakly_canonical(file), std::filesystem::weakly_canonical(base)}),
              IsEmpty());
}

TEST_F(KustomizationGaps, RefuseOneNameWithTwoTags) {
  pod("over/a.yaml", {"nginx:1.25", "redis"});
  pod("over/b.yaml", {"nginx:1.26", "redis:latest"});
  EXPECT_THAT(refusal("resources: [a.yaml, b.yaml]\n"),
              AllOf(HasSubstr("nginx is nginx:1.25 in "), HasSubstr("over/a.yaml:8:14 and nginx:1.26 in "),
                    HasSubstr("over/b.yaml:8:14"), HasSubstr("one entry would change both")));
  // Also when one of them is pinned; not when both are.
  pod("over/b.yaml", {"nginx@" + a});
  EXPECT_THAT(refusal("resources: [a.yaml, b.yaml]\n"), HasSubstr("one entry would change both"));
  pod("over/a.yaml", {"nginx:1.25@" + a, "redis", "redis:latest"});
  EXPECT_THAT(missing("resources: [a.yaml, b.yaml]\n"), ElementsAre("redis"));
}

// An entry that matches gets the digest, since a second one would override the first for images of other names.
TEST_F(KustomizationGaps, FillTheEntryThatMatches) {
  pod("over/a.yaml", {"nginx:1.25", "quay.io/acme/web:v1.7.7", "redis:7", "alpine:3", "busybox"});
  const std::string text =
      "resources: [a.yaml]\nimages:\n- {name: nginx, newName: mirror/nginx}\n"
      "- {name: quay.io/acme/web:v1.7.7, newTag: v1.8.0}\n- {name: alpine:3}\n- {name: busybox, newTag: ''}\n";
  EXPECT_THAT(missing(text), ElementsAre("mirror/nginx:1.25", "redis:7", "alpine:3", "busybox"));
  const auto gaps = find(text);
  ASSERT_TRUE(gaps);
  std::vector<std::optional<std::size_t>> entries;
  for (const auto& gap : gaps->missing) entries.push_back(gap.entry);
  EXPECT_THAT(entries, ElementsAre(0, std::nullopt, 2, 3));
}

TEST_F(KustomizationGaps, FillTheLastEntryOfAChain) {
  pod("over/a.yaml", {"nginx:1.25", "redis:7"});
  const auto gaps = find(
      "resources: [a.yaml]\nimages:\n- {name: nginx, newName: a}\n- {name: a, newName: b}\n"
      "- {name: redis, newName: valkey}\n- {name: valkey, newTag: v8}\n");
  ASSERT_TRUE(gaps) << gaps.error().message;
  ASSERT_EQ(gaps->missing.size(), 1U);
  EXPECT_EQ(gaps->missing[0].ref.written(), "b:1.25");
  EXPECT_EQ(gaps->missing[0].entry, 1U);
}

TEST_F(KustomizationGaps, RefuseAnEntryThatWouldChangeAnother) {
  // The name that one entry gives and another image has.
  pod("over/a.yaml", {"nginx:1.25", "web:v1"});
  EXPECT_THAT(refusal("resources: [a.yaml]\nimages: [{name: web, newName: nginx, newTag: v2}]\n"),
              AllOf(HasSubstr("nginx:v2 of "), HasSubstr("a.yaml:10:14 would become nginx:1.25")));
  // Two tags of one name, one of which has an entry.
  pod("over/a.yaml", {"web:v1", "web:v2"});
  EXPECT_THAT(refusal("resources: [a.yaml]\nimages: [{name: 'web:v1', newTag: v3}]\n"), HasSubstr("web:v3 of "));
  // A digest in its file would come out under the new name, so that this is no way out.
  EXPECT_THAT(refusal("resources: [a.yaml]\nimages: [{name: web, newName: mirror/web}]\n"),
              HasSubstr("one entry would change both; write an entry for each tag in its place: name: web:v1 and name: "
                        "web:v2, with this newName"));
  EXPECT_THAT(missing("resources: [a.yaml]\nimages:\n- {name: 'web:v1', newName: mirror/web}\n"
                      "- {name: 'web:v2', newName: mirror/web}\n"),
              ElementsAre("mirror/web:v1", "mirror/web:v2"));
  EXPECT_THAT(refusal("resources: [a.yaml]\nimages: [{name: web}]\n"), HasSubstr("both; pin them in their own files"));
  pod("over/a.yaml", {"web", "web:v2"});
  EXPECT_THAT(refusal("resources: [a.yaml]\nimages: [{name: web, newName: mirror/web}]\n"),
              HasSubstr("both; write mirror/web in their own files, in the place of the entry"));
}

TEST_F(KustomizationGaps, ReachFieldsOfConfigurationsAndNoneOfTransformers) {
  write("over/e.yaml", "apiVersion: e.io/v1\nkind: Engine\nspec: {image: 'acme/web:1'}\n");
  write("over/c.yaml", "images: [{path: spec/image, kind: Engine}]\n");
  write("over/t.yaml", "kind: ImageTagTransformer\nimageTag: {name: acme/web, newName: m.example/web}\n");
  EXPECT_THAT(missing("resources: [e.yaml]\n"), IsEmpty());
  EXPECT_THAT(missing("resources: [e.yaml]\nconfigurations: [c.yaml]\n"), ElementsAre("acme/web:1"));
  EXPECT_THAT(missing("resources: [e.yaml]\nconfigurations: [c.yaml]\ntransformers: [t.yaml]\n"), IsEmpty());
}

TEST_F(KustomizationGaps, AreNoneWhereAReplacementTakesTheImageApart) {
  pod("over/a.yaml", {"web:1", "side:1"});
  const std::string text =
      "resources: [a.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: v, fieldPath: data.TAG}\n  targets:\n"
      "  - {select: {kind: Pod}, fieldPaths: [spec.containers.0.image], options: {delimiter: ':', index: 1}}\n";
  EXPECT_THAT(missing(text), ElementsAre("side:1"));
  EXPECT_THAT(notes(text), ElementsAre(HasSubstr("web:1 of ")));
  // An entry for the other one would reach it.
  pod("over/a.yaml", {"web:1", "web:1"});
  EXPECT_THAT(refusal(text), HasSubstr("web:1 of "));
  EXPECT_THAT(refusal(text + "images: [{name: web, newName: m.example/web}]\n"), HasSubstr("m.example/web:1 of "));
  write("over/t.yaml", "kind: ImageTagTransformer\nimageTag: {name: 'web:1', newName: m.example/web}\n");
  pod("over/a.yaml", {"web:1", "side:1"});
  EXPECT_THAT(missing("resources: [a.yaml]\ntransformers: [t.yaml]\n"), ElementsAre("side:1"));
}

TEST_F(KustomizationGaps, RefuseAnEntryThatWouldMakeAnImageOfNone) {
  pod("over/a.yaml", {"web:1", "web"});
  EXPECT_THAT(refusal("resources: [a.yaml]\nimages:\n  - {name: web, tagSuffix: -alpine}\n"),
              HasSubstr("web:-alpine-alpine of "));
}

// kustomize puts the name into a regular expression.
TEST_F(KustomizationGaps, RefuseADotThatMatchesAnotherName) {
  pod("over/a.yaml", {"acme/my-app:1", "acme/my.app:1"});
  EXPECT_THAT(refusal("resources: [a.yaml]\nimages:\n  - {name: acme/my.app, newTag: v2}\n"),
              HasSubstr("so that it matches \"acme/my-app:1\" of "));
  EXPECT_EQ(refusal("resources: [a.yaml]\nimages:\n  - {name: acme/my.app, newName: m.example/a, newTag: v2}\n"), "")
      << "both become the same";
}

TEST_F(KustomizationGaps, NoteAPinThatAnEntryNoLongerMatches) {
  pod("over/a.yaml", {"web@" + a + " # web:v1", "web:v1@" + a});
  EXPECT_THAT(notes("resources: [a.yaml]\nimages: [{name: 'web:v1', newTag: v2}]\n"),
              ElementsAre(HasSubstr("a.yaml:8:14 is pinned without the tag that an entry of `images` compares, so that "
                                    "the entry does not reach it: write web:v1@" +
                                    a)));
  EXPECT_THAT(notes("resources: [a.yaml]\nimages: [{name: web, newTag: v2}]\n"), IsEmpty());
}

TEST_F(KustomizationGaps, NoteImagesThatAreNotFollowed) {
  pod("over/a.yaml", {"nginx:1.25", "web:v1"});
  EXPECT_THAT(
      notes("resources: [a.yaml]\nimages:\n- {name: 'w.*', newName: api, newTag: v2}\n- {name: web, newTag: v1}\n"),
      ElementsAre(AllOf(HasSubstr("nginx:1.25 of "), HasSubstr("gets no entry: kustomize reads the name \"w.*\" of"))));
  // The fault of an entry of the run is reported with that entry, one on the way is not.
  const std::string entries = "images: [{name: nginx, newName: 'nginx:1'}, {name: web, newTag: v1}]\n";
  EXPECT_THAT(notes("resources: [a.yaml]\n" + entries), IsEmpty());
  EXPECT_THAT(missing("resources: [a.yaml]\n" + entries), IsEmpty());
  write("base/kustomization.yaml", "resources: [../over/a.yaml]\n" + entries);
  EXPECT_THAT(notes("resources: [../base]\nimages: [{name: web, newTag: v1}]\n"),
              ElementsAre(HasSubstr("kustomize changes it to nginx:1:1.25, which is not a valid image reference")));
}

TEST_F(KustomizationGaps, AreImagesOfPatches) {
  pod("over/a.yaml", {"nginx@" + a});
  const std::string patch = pod("over/p.yaml", {"redis:7"});
  const std::set<std::filesystem::path> patch_alone{std::filesystem::weakly_canonical(patch)};
  write("over/j.yaml", "- {op: replace, path: /spec/containers/0/image, value: 'redis:7'}\n");
  const std::string merged = "{kind: Pod, apiVersion: v1, spec: {containers: [{name: c, image: 'redis:7'}]}}";
  for (const std::string& text :
       {std::string("patches: [{path: p.yaml}]\n"), std::string("patches: [{path: j.yaml, target: {kind: Pod}}]\n"),
        std::string("patchesStrategicMerge: [p.yaml]\n"), "patchesStrategicMerge:\n- |-\n  " + merged + "\n",
        "patches:\n- patch: |-\n    " + merged + "\n",
        std::string("patches:\n- patch: |-\n    - {op: add, path: /spec/containers/-, value: {image: 'redis:7'}}\n"),
        std::string("patchesJson6902: [{path: j.yaml, target: {kind: Pod}}]\n")}) {
    EXPECT_THAT(missing("resources: [a.yaml]\n" + text), ElementsAre("redis:7")) << text;
    EXPECT_THAT(notes("resources: [a.yaml]\n" + text), IsEmpty()) << text;
  }
  EXPECT_THAT(missing("resources: [a.yaml]\npatches: [{path: p.yaml}]\n", patch_alone), IsEmpty())
      << "pinned by itself";
}

// An entry changes what patches wrote, too.
TEST_F(KustomizationGaps, RefuseOneNameWithAnotherTagInAPatch) {
  pod("over/a.yaml", {"nginx:1.25"});
  const std::set<std::filesystem::path> patch{std::filesystem::weakly_canonical(pod("over/p.yaml", {"nginx:1.26"}))};
  const std::set<std::filesystem::path> itself{
      std::filesystem::weakly_canonical(files_.path() / "over/kustomization.yaml")};
  EXPECT_THAT(refusal("resources: [a.yaml]\npatches: [{path: p.yaml}]\n"), HasSubstr("one entry would change both"));
  const auto of_run = HasSubstr("nginx:1.26 of ");
  EXPECT_THAT(missing("resources: [a.yaml]\npatches: [{path: p.yaml}]\n", patch), ElementsAre(of_run));
  const std::string inner =
      "resources: [a.yaml]\npatches:\n- patch: |-\n    - {op: add, path: /spec/containers/-, value: {image: "
      "'nginx:1.26'}}\n";
  EXPECT_THAT(missing(inner, itself), ElementsAre(of_run));
  EXPECT_THAT(missing("resources: [a.yaml]\nhelmCharts:\n- name: x\n  valuesInline: {image: {repository: nginx, tag: "
                      "'1.26'}}\n"),
              ElementsAre(of_run));
  // Of a base, below its own entries.
  write("base/kustomization.yaml", "patches: [{path: ../over/p.yaml}]\nresources: [../over/a.yaml]\n");
  EXPECT_THAT(refusal("resources: [../base]\n"), HasSubstr("one entry would change both"));
  write("base/kustomization.yaml",
        "patches: [{path: ../over/p.yaml}]\nresources: [../over/a.yaml]\nimages: [{name: nginx, newTag: '1.27'}]\n");
  EXPECT_THAT(missing("resources: [../base]\n"), ElementsAre("nginx:1.27"));
  // The same tag in both needs one entry.
  pod("over/p.yaml", {"nginx:1.25"});
  EXPECT_THAT(missing("resources: [a.yaml]\npatches: [{path: p.yaml}]\n"), ElementsAre("nginx:1.25"));
}

// A file or kustomization of the run has a pin of its own, which an entry would take the place of.
TEST_F(KustomizationGaps, RefuseAnEntryThatWouldChangeAPinOfTheRun) {
  pod("over/a.yaml", {"nginx:1.25"});
  const std::set<std::filesystem::path> file{std::filesystem::weakly_canonical(pod("over/b.yaml", {"nginx:1.26"}))};
  EXPECT_THAT(missing("resources: [a.yaml, b.yaml]\n", file),
              ElementsAre(AllOf(HasSubstr("nginx:1.26 of "), HasSubstr("b.yaml:8:14 would become nginx:1.25"))));
  const std::set<std::filesystem::path> base{
      std::filesystem::weakly_canonical(write("base/kustomization.yaml", "resources: [../over/b.yaml]\n"))};
  EXPECT_THAT(missing("resources: [a.yaml, ../base]\n", base),
              ElementsAre(HasSubstr("b.yaml:8:14 would become nginx:1.25")));
  const std::set<std::filesystem::path> part{std::filesystem::weakly_canonical(
      write("part/kustomization.yaml", "kind: Component\nimages: [{name: 'nginx:1.26', newTag: '1.27'}]\n"))};
  pod("over/c.yaml", {"nginx:1.26"});
  EXPECT_THAT(missing("resources: [a.yaml, c.yaml]\ncomponents: [../part]\n", part),
              ElementsAre(HasSubstr("nginx:1.27 of ")));
  // Broken files of the run are its own faults.
  write("over/b.yaml", "spec: [\n");
  EXPECT_THAT(missing("resources: [a.yaml, b.yaml]\n", file), ElementsAre("nginx:1.25"));
}

TEST_F(KustomizationGaps, NoteImagesOfPatchesAndCharts) {
  pod("over/a.yaml", {"nginx@" + a});
  write("over/q.yaml", "metadata: {labels: {a: b}}\n");
  const auto of_patches = ElementsAre(HasSubstr("images of its patches get no entry; pin the files of the patches"));
  EXPECT_THAT(
      notes("resources: [a.yaml]\npatches:\n- patch: |\n    - op: replace\n      path: /spec/containers/0/image\n"),
      of_patches);
  for (const char* text : {"patches: [{path: q.yaml}]\n", "patches: [{path: missing.yaml}]\n",
                           "patches:\n- patch: |\n    - op: remove\n      path: /spec/x\n"})
    EXPECT_THAT(notes(std::string("resources: [a.yaml]\n") + text), IsEmpty()) << text;
  EXPECT_THAT(notes("resources: [a.yaml]\nhelmCharts: [{name: x}]\n"),
              ElementsAre(HasSubstr("images of its charts get no entry; check what is built")));
}

TEST_F(KustomizationGaps, CompareNamesAsWritten) {
  pod("over/a.yaml", {"nginx:1.25", "docker.io/library/nginx:1.26"});
  EXPECT_THAT(missing("resources: [a.yaml]\n"), ElementsAre("nginx:1.25", "docker.io/library/nginx:1.26"));
}

TEST_F(KustomizationGaps, NoteImagesWithoutAnEntry) {
  pod("over/a.yaml", {"nginx:1.25"}, "  labels: {pinhook.dev/pin: skip}\n");
  write("over/b.yaml",
        "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: t}\nspec:\n  steps:\n    - {name: s, image: "
        "\"golang:1.22\"}\n");
  EXPECT_THAT(missing("resources: [a.yaml, b.yaml]\n"), IsEmpty());
  EXPECT_THAT(notes("resources: [a.yaml, b.yaml, \"https://github.com/acme/base?ref=v1\"]\n"),
              ElementsAre(HasSubstr("\"https://github.com/acme/base?ref=v1\" is skipped"),
                          HasSubstr("golang:1.22 gets no entry: kustomize's images do not reach "),
                          HasSubstr("labelled pinhook.dev/pin: skip")));
}

TEST_F(KustomizationGaps, RefuseMissingResources) {
  EXPECT_THAT(refusal("resources: [none.yaml]\n"), HasSubstr("over/none.yaml, which "));
  std::filesystem::create_directories(files_.path() / "empty");
  EXPECT_THAT(refusal("resources: [../empty]\n"), HasSubstr("has no kustomization"));
  write("over/bad.yaml", "spec: [\n");
  EXPECT_THAT(refusal("resources: [bad.yaml]\n"), HasSubstr("over/bad.yaml, which "));
}

TEST_F(KustomizationGaps, RefuseCircles) {
  write("base/kustomization.yaml", "resources: [../base2]\n");
  write("base2/kustomization.yaml", "resources: [../base]\n");
  EXPECT_THAT(refusal("resources: [../base]\n"), HasSubstr("which includes it in turn"));
  write("self/kustomization.yaml", "resources: [.]\n");
  EXPECT_THAT(refusal("resources: [../self]\n"), HasSubstr("which includes it in turn"));
}

TEST_F(KustomizationGaps, HaveALimitOfDepth) {
  const auto deep = [&](std::size_t levels) {
    for (std::size_t i = 1; i <= levels; ++i)
      write(fmt::format("d{}/kustomization.yaml", i),
            i == levels ? std::string("resources: []\n") : fmt::format("resources: [../d{}]\n", i + 1));
    return refusal("resources: [../d1]\n");
  };
  EXPECT_EQ(deep(max_kustomization_depth - 1), "");
  EXPECT_THAT(deep(max_kustomization_depth), HasSubstr("kustomizations deep"));
}

TEST_F(KustomizationGaps, HaveALimitOfFiles) {
  write("over/a.yaml", "");
  std::string text = "resources:\n";
  for (std::size_t i = 0; i < max_kustomization_files; ++i) text += "  - a.yaml\n";
  EXPECT_EQ(refusal(text), "");
  EXPECT_THAT(refusal(text + "  - a.yaml\n"), HasSubstr("more than 10000 files"));
}

TEST_F(KustomizationGaps, NeverMakesNoEntry) {
  pod("over/a.yaml", {"nginx:1.25", "istio/proxyv2:1.2"});
  orders_.set = pinhook::testing::made_rules({pinhook::testing::never_rule("sidecars", {"**/istio/*"})});
  EXPECT_THAT(missing("resources: [a.yaml]\n"), ElementsAre("nginx:1.25"));
  EXPECT_THAT(notes("resources: [a.yaml]\n"),
              ElementsAre("istio/proxyv2:1.2 gets no entry: rule sidecars says pin: never of the image in " +
                          (files_.path() / "over/a.yaml:10:14").string()));
}

// One entry would pin the other, too.
TEST_F(KustomizationGaps, NeverOfOneImageCountsForItsName) {
  pod("over/a.yaml", {"nginx:1.25"}, "  namespace: shop\n");
  pod("over/b.yaml", {"nginx:1.26"});
  auto rule = pinhook::testing::never_rule("shop");
  rule.about.namespaces = {"shop"};
  orders_.set = pinhook::testing::made_rules({rule});
  EXPECT_THAT(missing("resources: [a.yaml, b.yaml]\n"), IsEmpty());
  EXPECT_THAT(notes("resources: [a.yaml, b.yaml]\n"), ElementsAre(HasSubstr("rule shop")));
}

TEST_F(KustomizationGaps, RulesJudgeTheImageThatComesOutOfAResource) {
  pod("base/a.yaml", {"nginx:1.25", "redis:7"});
  write("base/kustomization.yaml",
        "resources: [a.yaml]\nimages:\n- {name: nginx, newName: ghcr.io/acme/nginx, newTag: v9}\n");
  orders_.set = pinhook::testing::made_rules({pinhook::testing::never_rule("ours", {"ghcr.io/acme/*:v9"}),
                                              pinhook::testing::format_rule("readable", {"**/redis"})});
  EXPECT_THAT(missing("resources: [../base]\n"), ElementsAre("redis:7"));
  EXPECT_EQ(find("resources: [../base]\n")->missing.at(0).format, pin::pin_format::tag_and_digest);
  EXPECT_THAT(notes("resources: [../base]\n"), ElementsAre(HasSubstr("ghcr.io/acme/nginx:v9 gets no entry")));
}

TEST_F(KustomizationGaps, NeverIsNotNotedWhereNoEntryIsPossible) {
  write("over/a.yaml",
        "apiVersion: acme.io/v1\nkind: App\nspec: {ephemeralContainers: [{name: a, image: nginx:1.25}]}\n");
  EXPECT_THAT(notes("resources: [a.yaml]\n"), ElementsAre(HasSubstr("do not reach")));
  orders_.set = pinhook::testing::made_rules({pinhook::testing::never_rule("all")});
  EXPECT_THAT(notes("resources: [a.yaml]\n"), IsEmpty());
}

}  // namespace
}  // namespace pinhook::pipeline
