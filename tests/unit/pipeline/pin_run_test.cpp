#include <pinhook/pipeline/pin_run.hpp>

#include "support/made_rules.hpp"
#include "unit/pipeline/pin_run_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::pipeline {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST_F(PinRun, PrintsEveryFileWhole) {
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", "# nothing\nkind: Service\napiVersion: v1\n");
  const auto done = run();
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_EQ(done.out, pod("nginx@" + a, " # nginx:1.25") + "---\n# nothing\nkind: Service\napiVersion: v1\n");
  EXPECT_THAT(done.writes, IsEmpty());
  EXPECT_EQ(done.messages, "pinned 1 image in 1 file\n");
}

TEST_F(PinRun, AsksEachImageOnceForAllFiles) {
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", pod("docker.io/library/nginx:1.25"));
  add("c.yaml", pod("redis:7"));
  EXPECT_EQ(run().messages, "pinned 3 images in 3 files\n");
  EXPECT_THAT(digests.asked(), ElementsAre("docker.io/library/nginx:1.25", "docker.io/library/redis:7"));
  EXPECT_EQ(digests.calls(), 1U);
}

TEST_F(PinRun, WritesOnlyChangedFiles) {
  options.target = run_target::in_place;
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", pod("nginx@" + a));
  const auto done = run();
  EXPECT_EQ(done.out, "");
  ASSERT_EQ(done.writes.size(), 1U);
  EXPECT_EQ(done.writes[0].path, "a.yaml");
  EXPECT_EQ(done.writes[0].text, pod("nginx@" + a, " # nginx:1.25"));
  EXPECT_EQ(done.messages, "pinned 1 image in 1 file; 1 is pinned already\n");
}

TEST_F(PinRun, ShowsADiff) {
  options.target = run_target::diff;
  add("a.yaml", pod("nginx:1.25"));
  const auto done = run();
  EXPECT_THAT(done.out, AllOf(HasSubstr("--- a/a.yaml\n"), HasSubstr("\n-      image: nginx:1.25\n"),
                              HasSubstr("\n+      image: nginx@" + a + " # nginx:1.25\n")));
  EXPECT_THAT(done.writes, IsEmpty());
  EXPECT_EQ(done.messages, "would pin 1 image in 1 file\n");
}

TEST_F(PinRun, AFailedLookUpStopsEverything) {
  for (const auto target : {run_target::in_place, run_target::standard_output, run_target::diff}) {
    options.target = target;
    inputs.clear();
    add("a.yaml", pod("nginx:1.25"));
    add("b.yaml", pod("nginx:1.99"));
    const auto done = run();
    EXPECT_EQ(done.status, run_status::unresolved);
    EXPECT_EQ(done.out, "");
    EXPECT_THAT(done.writes, IsEmpty());
    EXPECT_EQ(done.messages,
              "b.yaml:6:14: container web: nginx:1.99 is not in the table of the test\n"
              "nothing is written: 1 image not resolved; use --keep-going to write the rest\n");
  }
}

TEST_F(PinRun, KeepsGoingOnRequest) {
  options.target = run_target::in_place;
  options.keeps_going = true;
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", pod("nginx:1.99"));
  const auto done = run();
  EXPECT_EQ(done.status, run_status::unresolved);
  ASSERT_EQ(done.writes.size(), 1U);
  EXPECT_EQ(done.writes[0].path, "a.yaml");
  EXPECT_THAT(done.messages, HasSubstr("pinned 1 image in 1 file; 1 not resolved\n"));
}

TEST_F(PinRun, ABadFileStopsBeforeAnythingIsAsked) {
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", "kind: Pod\nspec: [\n");
  const auto done = run();
  EXPECT_EQ(done.status, run_status::invalid);
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(digests.calls(), 0U);
  EXPECT_THAT(done.messages, AllOf(HasSubstr("b.yaml: line "), HasSubstr("1 file invalid")));
}

TEST_F(PinRun, KeepsGoingPastABadFile) {
  options.keeps_going = true;
  options.target = run_target::in_place;
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", "kind: Pod\nspec: [\n");
  add("c.yaml", pod("nginx:1.99"));
  const auto done = run();
  EXPECT_EQ(done.status, run_status::invalid);
  ASSERT_EQ(done.writes.size(), 1U);
  EXPECT_THAT(done.messages, HasSubstr("pinned 1 image in 1 file; 1 not resolved; 1 file invalid\n"));
}

TEST_F(PinRun, PassesOverTemplatesItFound) {
  const std::string chart = "kind: Pod\nspec:\n{{- range .Values.pods }}\n  image: {{ .image }}\n{{- end }}\n";
  add("templates/pod.yaml", chart, false);
  add("a.yaml", pod("nginx:1.25"), false);
  const auto done = run();
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_EQ(done.out, pod("nginx@" + a, " # nginx:1.25"));
  EXPECT_THAT(done.messages, AllOf(HasSubstr("templates/pod.yaml: skipped: "), HasSubstr("helm template")));

  inputs.clear();
  add("templates/pod.yaml", chart);
  EXPECT_EQ(run().status, run_status::invalid);
}

TEST_F(PinRun, WarnsOfInvalidReferences) {
  add("a.yaml", pod("UPPER:1"));
  const auto done = run();
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_EQ(done.out, pod("UPPER:1"));
  EXPECT_THAT(done.messages, AllOf(HasSubstr("a.yaml:6:14: container web: \"UPPER:1\" is left as it is: "),
                                   HasSubstr("nothing to pin; 1 left as it is\n")));
}

TEST_F(PinRun, NamesTheProgramThatNeedsTheComment) {
  const std::string flux = " # {\"$imagepolicy\": \"flux-system:web\"}";
  add("a.yaml", pod("nginx:1.25", flux));
  add("b.yaml", "# renovate: datasource=docker\n" + pod("redis:7", " # x-release-please-version"));
  auto done = run();
  EXPECT_THAT(done.out, HasSubstr("image: nginx:1.25@" + a + flux + "\n"));
  EXPECT_THAT(done.messages, HasSubstr("a.yaml: 1 image is written with tag and digest: Flux reads the comment there, "
                                       "which must contain nothing else; its next value has no digest: run pinhook pin "
                                       "after it\n"));
  EXPECT_THAT(done.messages,
              HasSubstr("b.yaml: 1 image is written with tag and digest: release-please reads the "
                        "comment there, which must contain nothing else; it changes the tag and leaves the "
                        "digest: run pinhook pin --update after it\n"));
  options.orders.format = pin::pin_format::digest;
  inputs.clear();
  add("a.yaml", pod("nginx:1.25", flux));
  done = run();
  EXPECT_THAT(done.out, HasSubstr("image: nginx@" + a + flux + "\n"));
  EXPECT_THAT(done.messages, HasSubstr("a.yaml: the tag of 1 image is not shown: no comment can stand there"));
}

TEST_F(PinRun, UpdatesAndTakesBackPinsOfOthers) {
  const std::string old = "nginx@" + b;
  options.task = pin_task::update;
  add("a.yaml", pod(old, " # ratchet:nginx:1.25"));
  EXPECT_EQ(run().out, pod("nginx@" + a, " # ratchet:nginx:1.25"));
  options.task = pin_task::unpin;
  inputs.clear();
  add("a.yaml", pod(old, " # 1.25"));
  EXPECT_EQ(run().out, pod("nginx:1.25"));
  inputs.clear();
  add("a.yaml", pod(old, " # 1.25 (LTS)"));
  const auto done = run();
  EXPECT_EQ(done.out, pod(old, " # 1.25 (LTS)"));
  EXPECT_THAT(done.messages, HasSubstr("its tag is not written beside it"));
}

TEST_F(PinRun, KeepsTagsInJsonWithoutAFormatOption) {
  const std::string text = R"({"kind": "Pod", "apiVersion": "v1", "spec": {"containers": [{"image": "nginx:1.25"}]}})";
  add("pod.json", text);
  auto done = run();
  EXPECT_THAT(done.out, HasSubstr("\"image\": \"nginx:1.25@" + a + "\""));
  EXPECT_THAT(done.messages, Not(HasSubstr("JSON")));
  options.orders.format = pin::pin_format::digest;
  inputs.clear();
  add("pod.json", text);
  done = run();
  EXPECT_THAT(done.out, HasSubstr("\"image\": \"nginx@" + a + "\""));
  EXPECT_THAT(done.messages, HasSubstr("pod.json: the tag of 1 image is not shown: JSON has no comments; "
                                       "the format tag-and-digest keeps it\n"));
  options.orders.format.reset();
  options.format = pin::pin_format::tag_and_digest;
  inputs.clear();
  add("pod.json", text);
  done = run();
  EXPECT_THAT(done.out, HasSubstr("\"image\": \"nginx:1.25@" + a + "\""));
  EXPECT_THAT(done.messages, Not(HasSubstr("JSON")));
}

TEST_F(PinRun, RefusesJsonAmongSeveral) {
  add("a.yaml", pod("nginx:1.25"));
  add("pod.json", "{}");
  const auto done = run();
  EXPECT_EQ(done.status, run_status::invalid);
  EXPECT_EQ(done.out, "");
  EXPECT_THAT(done.messages, HasSubstr("pod.json is JSON"));
}

TEST_F(PinRun, PassesOverJsonThatLiesAround) {
  add("a.yaml", pod("nginx:1.25"), false);
  add("package.json", "{\"name\": \"shop\"}", false);
  const auto done = run();
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_EQ(done.out, pod("nginx@" + a, " # nginx:1.25"));
}

TEST_F(PinRun, UnpinsWithoutAskingAnybody) {
  options.task = pin_task::unpin;
  add("a.yaml", pod("nginx@" + a, " # nginx:1.25"));
  add("b.yaml", pod("nginx@" + a));
  const auto done = run();
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_EQ(done.out, pod("nginx:1.25") + "---\n" + pod("nginx@" + a));
  EXPECT_EQ(digests.calls(), 0U);
  EXPECT_EQ(done.messages, "b.yaml:6:14: container web: \"nginx@" + a +
                               "\" is left as it is: its tag is not written beside it\n"
                               "unpinned 1 image in 1 file; 1 left as it is\n");
}

TEST_F(PinRun, EmptyInputStaysEmpty) {
  add("-", "");
  const auto done = run();
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_EQ(done.out, "");
}

TEST_F(PinRun, OutputOfHelmKeepsAllButImages) {
  const std::string before =
      "---\n# Source: web/templates/none.yaml\n---\n# Source: web/templates/empty.yaml\n\n---\n"
      "# Source: web/templates/pod.yaml\n";
  const std::string after = "---\n# Source: web/templates/list.yaml\n- 1\n---\njust text\n---\n~\n";
  add("-", before + pod("nginx:1.25") + after);
  EXPECT_EQ(run().out, before + pod("nginx@" + a, " # nginx:1.25") + after);
}

TEST_F(PinRun, NamesTheRulesThatLeaveImages) {
  options.orders.set = pinhook::testing::made_rules(
      {pinhook::testing::never_rule("b", {"**/redis"}), pinhook::testing::never_rule("a", {"**/alpine"})});
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", pod("redis:7"));
  add("c.yaml", pod("redis:8"));
  add("d.yaml", pod("alpine:3"));
  const auto done = run();
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_EQ(done.messages,
            "rule a leaves 1 image as it is: it says pin: never\n"
            "rule b leaves 2 images as they are: it says pin: never\n"
            "pinned 1 image in 1 file; 3 left as they are\n");
  EXPECT_THAT(digests.asked(), ElementsAre("docker.io/library/nginx:1.25"));
}

}  // namespace
}  // namespace pinhook::pipeline
