// pin over kustomizations: entries that are added and filled, names that they change.
#include "support/certificates.hpp"
#include "support/made_rules.hpp"
#include "unit/pipeline/pin_run_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::digest_of_digit;
using pinhook::testing::fake_digests;
using pinhook::testing::temporary_directory;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class KustomizationRun : public PinRun {
 protected:
  KustomizationRun() {
    write("base/pod.yaml", pod("nginx:1.25"));
    write("base/kustomization.yaml", "resources:\n  - pod.yaml\n");
    options.target = run_target::in_place;
  }

  std::string write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((files_.path() / name).parent_path());
    return files_.write(name, text).string();
  }

  temporary_directory files_;
};

TEST_F(KustomizationRun, AddsEntriesForItsResources) {
  const std::string text = "resources:\n  - ../base\n";
  const auto path = write("over/kustomization.yaml", text);
  add(path, text);
  const auto done = run();
  EXPECT_EQ(done.status, run_status::good) << done.messages;
  ASSERT_EQ(done.writes.size(), 1U);
  EXPECT_TRUE(done.writes[0].text.starts_with(text));
  EXPECT_THAT(done.writes[0].text, AllOf(HasSubstr("images:\n"), HasSubstr("name: nginx\n"), HasSubstr(a)));

  // A second run adds nothing.
  add(path, done.writes[0].text);
  const auto again = run();
  EXPECT_THAT(again.writes, IsEmpty());
  EXPECT_EQ(again.messages, "nothing to pin; 1 is pinned already\n");

  // And unpin takes it away again.
  options.task = pin_task::unpin;
  add(path, done.writes[0].text);
  const auto back = run();
  ASSERT_EQ(back.writes.size(), 1U);
  EXPECT_EQ(back.writes[0].text, text);
  EXPECT_EQ(back.messages, "unpinned 1 image in 1 file\n");
}

// kustomize keeps the digest of an entry when one further out has another name for its image.
TEST_F(KustomizationRun, AnEntryGetsNoDigestThatComesOutUnderAnotherName) {
  struct row {
    std::string own, outer, image;
  };
  const std::vector<row> rows{
      {"resources: [pod.yaml]\n", "resources: [../base]\nimages: [{name: nginx, newName: m.example/n}]\n",
       "m.example/n"},
      {"resources: [pod.yaml]\nimages: [{name: nginx, newName: q.example/n}]\n",
       "resources: [../base]\nimages: [{name: q.example/n, newName: m.example/n}]\n", "m.example/n"},
      {"resources: [pod.yaml]\n", "resources: [../base]\ncomponents: [../part]\n", "m.example/n"},
      {"resources: [pod.yaml]\n", "resources: [../between]\nimages: [{name: nginx, newName: m.example/n}]\n",
       "m.example/n"},
  };
  write(
      "part/kustomization.yaml",
      "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages: [{name: nginx, newName: m.example/n}]\n");
  write("between/kustomization.yaml", "resources: [../base]\n");
  digests.holds("q.example/n:1.25", digest_of_digit('a'));
  for (const row& one : rows) {
    const auto path = write("base/kustomization.yaml", one.own);
    const auto outer = write("over/kustomization.yaml", one.outer);
    options.around = {outer, (files_.path() / "part/kustomization.yaml").string()};
    digests.holds("m.example/n:1.25", digest_of_digit('b'));
    add(path, one.own);
    const auto left = run();
    EXPECT_THAT(left.writes, IsEmpty()) << one.outer;
    EXPECT_EQ(left.status, run_status::good);
    EXPECT_THAT(left.messages, AllOf(HasSubstr("gets no digest here: " + outer +
                                               " changes it to \"m.example/n:1.25\", "
                                               "which has another digest; pin it there: pinhook pin -i " +
                                               outer),
                                     HasSubstr("left as ")));
    // A mirror has the same bytes.
    digests.holds("m.example/n:1.25", digest_of_digit('a'));
    add(path, one.own);
    EXPECT_EQ(run().writes.size(), 1U) << one.outer;
    // So has an image whose tag the other entry gives.
    write("over/kustomization.yaml", "resources: [../base]\nimages: [{name: nginx, newName: x/y, newTag: v9}]\n");
    add(path, "resources: [pod.yaml]\n");
    write("base/kustomization.yaml", "resources: [pod.yaml]\n");
    EXPECT_EQ(run().writes.size(), 1U) << one.outer;
  }
}

// The added entry replaces the digest of the one before it, until it is taken away.
TEST_F(KustomizationRun, UnpinTakesTheDigestOfEntriesThatAnAddedOneReplaced) {
  write("over/pod.yaml", pod("quay.io/x/side:v2") + "    - name: other\n      image: nginx:1.25\n");
  const std::string text =
      "resources: [pod.yaml]\nimages:\n- name: quay.io/x/side\n  newName: nginx\n  newTag: '1.25'\n";
  const auto path = write("over/kustomization.yaml", text);
  add(path, text);
  const auto done = run();
  ASSERT_EQ(done.writes.size(), 1U) << done.messages;
  EXPECT_THAT(done.writes[0].text, HasSubstr("- name: nginx\n"));
  write("over/kustomization.yaml", done.writes[0].text);
  options.task = pin_task::unpin;
  add(path, done.writes[0].text);
  const auto back = run();
  ASSERT_EQ(back.writes.size(), 1U) << back.messages;
  EXPECT_EQ(back.writes[0].text, text);
  EXPECT_EQ(back.messages, "unpinned 2 images in 1 file\n");
}

TEST_F(KustomizationRun, AFailedEntryStopsEverything) {
  write("base/pod.yaml", pod("nginx:1.99"));
  const std::string text = "resources:\n  - ../base\n";
  add(write("over/kustomization.yaml", text), text);
  const auto done = run();
  EXPECT_EQ(done.status, run_status::unresolved);
  EXPECT_THAT(done.writes, IsEmpty());
  EXPECT_THAT(done.messages, HasSubstr("base/pod.yaml:6:14: nginx:1.99 is not in the table"));
}

TEST_F(KustomizationRun, AMissingResourceIsAFault) {
  const std::string text = "resources:\n  - none.yaml\n";
  add(write("over/kustomization.yaml", text), text);
  const auto done = run();
  EXPECT_EQ(done.status, run_status::invalid);
  EXPECT_EQ(digests.calls(), 0U);
  EXPECT_THAT(done.messages, HasSubstr("none.yaml"));
}

// The entry matches the image by its tag: an entry with the old tag's digest would roll it back.
TEST_F(KustomizationRun, AnEntryWhoseNameHoldsATagKeepsItsImage) {
  digests.holds("quay.io/acme/web:v1.8.0", digest_of_digit('b'));
  write("over/pod.yaml", pod("quay.io/acme/web:v1.7.7"));
  const std::string text = "resources: [pod.yaml]\nimages:\n  - name: quay.io/acme/web:v1.7.7\n    newTag: v1.8.0\n";
  const auto path = write("over/kustomization.yaml", text);
  add(path, text);
  const auto done = run();
  EXPECT_EQ(done.status, run_status::good) << done.messages;
  ASSERT_EQ(done.writes.size(), 1U);
  const std::string pinned = "resources: [pod.yaml]\nimages:\n  - name: quay.io/acme/web:v1.7.7\n    digest: " + b +
                             " # quay.io/acme/web:v1.8.0\n";
  EXPECT_EQ(done.writes[0].text, pinned);
  EXPECT_EQ(done.messages, "pinned 1 image in 1 file\n");

  options.task = pin_task::unpin;
  add(path, pinned);
  EXPECT_EQ(run().writes.at(0).text, text);
}

TEST_F(KustomizationRun, AnImageBesideANameWithATagKeepsItsTag) {
  digests.holds("m.example/nginx:1.25", digest_of_digit('a'));
  const std::string text = "resources: [pod.yaml]\nimages:\n  - {name: 'nginx:1.25', newName: m.example/nginx}\n";
  add(write("over/pod.yaml", pod("nginx:1.25")), pod("nginx:1.25"));
  add(write("over/kustomization.yaml", text), text, false);
  const auto done = run();
  ASSERT_EQ(done.writes.size(), 1U) << done.messages;
  EXPECT_EQ(done.writes[0].text, pod("nginx:1.25@" + a));
}

TEST_F(KustomizationRun, AnImageThatIsReplacedIsLeft) {
  digests.holds("ghcr.io/acme/operator:v1.2.0", digest_of_digit('b'));
  const std::string text =
      "resources: [pod.yaml]\nimages:\n  - name: controller\n    newName: ghcr.io/acme/operator\n    newTag: v1.2.0\n";
  add(write("over/pod.yaml", pod("controller:latest")), pod("controller:latest"));
  const auto path = write("over/kustomization.yaml", text);
  add(path, text);
  const auto done = run();
  EXPECT_EQ(done.status, run_status::good) << done.messages;
  ASSERT_EQ(done.writes.size(), 1U) << done.messages;
  EXPECT_THAT(done.writes[0].text, HasSubstr("digest: " + b + " # ghcr.io/acme/operator:v1.2.0\n"));
  EXPECT_THAT(done.messages, HasSubstr("\"controller:latest\" is left as it is: replaced by "
                                       "\"ghcr.io/acme/operator:v1.2.0\" in " +
                                       path));
}

TEST_F(KustomizationRun, AnEntryWithoutATagIsFilledIn) {
  digests.holds("quay.io/mirror/nginx:1.25", digest_of_digit('b'));
  const std::string text =
      "resources: [../base]\nimages:\n  - name: nginx\n    newName: quay.io/mirror/nginx\n"
      "  - name: other\n    newName: quay.io/mirror/other\n";
  add(write("over/kustomization.yaml", text), text);
  const auto done = run();
  ASSERT_EQ(done.writes.size(), 1U) << done.messages;
  EXPECT_THAT(done.writes[0].text, HasSubstr("nginx\n    digest: \"" + b +
                                             "\" # quay.io/mirror/nginx:1.25 # added by pinhook pin for 1.25\n"));
  EXPECT_THAT(done.messages,
              AllOf(HasSubstr("other: \"quay.io/mirror/other\" is left as it is: its tag comes from the "
                              "images that it matches"),
                    Not(HasSubstr("nginx\" is left")), HasSubstr("pinned 1 image in 1 file; 1 left as it is")));
}

TEST_F(KustomizationRun, OneThatWasFoundGetsNoEntries) {
  const std::string text = "resources:\n  - ../base\n";
  add(write("over/kustomization.yaml", text), text, false);
  EXPECT_THAT(run().writes, IsEmpty());
}

TEST_F(KustomizationRun, EntriesAreWrittenAsRulesSay) {
  options.target = run_target::standard_output;
  temporary_directory files;
  files.write("a.yaml", pod("nginx:1.25"));
  files.write("b.yaml", pod("redis:7"));
  const std::string text = "resources: [a.yaml, b.yaml]\n";
  options.orders.set = pinhook::testing::made_rules(
      {pinhook::testing::never_rule("left", {"**/redis"}), pinhook::testing::format_rule("readable", {"**/nginx"})});
  add(files.write("kustomization.yaml", text), text);
  const auto done = run();
  EXPECT_EQ(done.status, run_status::good) << done.messages;
  EXPECT_EQ(
      done.out,
      text + "images:\n- name: nginx\n  newTag: \"1.25\" # entry added by pinhook pin for 1.25\n  digest: " + a + "\n");
  EXPECT_THAT(done.messages, HasSubstr("redis:7 gets no entry: rule left says pin: never"));
}

// A digest comes out under the name that a kustomization of the run gives to the image.
TEST_F(KustomizationRun, RenamedImagesArePinnedWhenBothNamesAreTheSameBytes) {
  struct renamed_case {
    std::string built;
    const char* digit;
    std::string_view message;
    run_status status;
  };
  const renamed_case cases[] = {
      {"m.example/nginx", "a", "pinned 1 image in 1 file", run_status::good},
      {"m.example/nginx", "b",
       "changes it to \"m.example/nginx:1.25\", which has another digest; pin it there: pinhook pin -i",
       run_status::good},
      {"m.example/nginx", "", "changes it to \"m.example/nginx:1.25\": m.example/nginx:1.25 is not in the table",
       run_status::unresolved},
      {"m.example/nginx:v9", "", "changes it to \"m.example/nginx:v9:1.25\", which is not a valid image reference",
       run_status::good},
  };
  for (const renamed_case& one : cases) {
    temporary_directory files;
    fake_digests known;
    known.holds("docker.io/library/nginx:1.25", digest_of_digit('a'));
    if (*one.digit != '\0') known.holds("m.example/nginx:1.25", digest_of_digit(*one.digit));
    const std::string text = "resources: [a.yaml]\nimages:\n- name: nginx\n  newName: \"" + one.built + "\"\n";
    add(files.write("a.yaml", pod("nginx:1.25")), pod("nginx:1.25"), false);
    add(files.write("kustomization.yaml", text), text, false);
    options.target = run_target::in_place;
    pin_run r(options, std::move(inputs), places);
    const auto done = testing::shown(r.finish(known.answers(r.wanted())));
    EXPECT_EQ(done.status, one.status) << done.messages;
    EXPECT_THAT(done.messages, HasSubstr(one.message));
    EXPECT_EQ(done.writes.size(), one.built == "m.example/nginx" && *one.digit == 'a' ? 1U : 0U);
    inputs.clear();
  }
}

// An entry of an overlay beside the run compares the tag.
TEST_F(KustomizationRun, AnOverlayBesideTheRunCounts) {
  const auto over =
      write("over/kustomization.yaml", "resources: [../base]\nimages:\n- {name: 'nginx:1.25', newTag: '1.26'}\n");
  add((files_.path() / "base/pod.yaml").string(), pod("nginx:1.25"));
  auto done = run();
  ASSERT_EQ(done.writes.size(), 1U) << done.messages;
  EXPECT_EQ(done.writes[0].text, pod("nginx@" + a, " # nginx:1.25"));
  options.around = {over};
  add((files_.path() / "base/pod.yaml").string(), pod("nginx:1.25"));
  done = run();
  ASSERT_EQ(done.writes.size(), 1U) << done.messages;
  EXPECT_EQ(done.writes[0].text, pod("nginx:1.25@" + a));
}

}  // namespace
}  // namespace pinhook::pipeline
