// Rules that demand signatures, as pin, lock, check and fn obey them.
#include "support/certificates.hpp"
#include "support/made_rules.hpp"
#include "unit/pipeline/run_fixture.hpp"

#include <pinhook/base/timestamp.hpp>
#include <pinhook/pipeline/check_run.hpp>
#include <pinhook/pipeline/function_run.hpp>
#include <pinhook/pipeline/lock_run.hpp>
#include <pinhook/pipeline/pin_run.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::digest_of_digit;
using pinhook::testing::shown;
using pinhook::testing::shown_outcome;
using rules::action;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

enum class says : std::uint8_t { accepted, refused, down };

class SignedRuns : public FilesRun {
 protected:
  SignedRuns() {
    pin_options.target = run_target::in_place;
    lock_options.path = "images.lock";
    lock_options.wait.now = *parse_timestamp("2026-11-21T08:30:00Z");
    check_options.has_drift = true;
  }

  // docker.io/library/nginx must be signed; docker.io/library/redis need not be.
  void demand(action a) {
    auto own = pinhook::testing::made_rule("own", {"**/nginx"});
    own.demands.push_back({.requirement = rules::requirement::signed_by, .verifiers = {{"acme"}}});
    own.action = a;
    set = pinhook::testing::made_rules({own});
  }

  shown_outcome drive(run& r) {
    const auto known = digests.answers(r.wanted());
    const auto requests = r.questions(known);
    rules::image_proofs answers;
    for (const auto& one : requests) {
      asked.push_back(one.image.written());
      rules::proofs of_one;
      for (const auto& q : one.questions) {
        result<rules::proof> answer = rules::proof{.is_given = acme == says::accepted};
        if (acme == says::refused) *answer = {.seen = 1, .reasons = {"key sha256:12: it was not made by the key"}};
        if (acme == says::down) answer = fail(error_code::unavailable, "registry docker.io did not answer");
        of_one.emplace(q, std::move(answer));
      }
      answers.add(one.image, std::move(of_one));
    }
    if (is_online) r.take(std::move(answers));
    return shown(r.finish(known));
  }
  shown_outcome pin() {
    pin_options.orders.set = set;
    pin_run r(pin_options, inputs, places);
    return drive(r);
  }
  shown_outcome lock() {
    lock_options.orders.set = set;
    lock_run r(lock_options, inputs, places);
    return drive(r);
  }
  shown_outcome check() {
    check_options.orders.set = set;
    check_run r(check_options, set, "");
    for (const auto& one : inputs) r.take(one);
    return drive(r);
  }
  shown_outcome fn(const std::string& items) {
    const std::string text = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n" + items;
    function_run r(text, {.orders = {.set = set}}, places);
    return drive(r);
  }

  rules::rule_set set;
  pin_run_options pin_options;
  lock_run_options lock_options;
  check_run_options check_options;
  says acme = says::accepted;
  bool is_online = true;
  std::vector<std::string> asked;
};

const std::string refusal =
    "rule own: not signed by acme: 1 signature was found, which does not count (acme: key sha256:12: it was not made "
    "by "
    "the key)";

TEST_F(SignedRuns, PinWritesWhatIsSigned) {
  demand(action::deny);
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", pod("redis:7"));
  EXPECT_EQ(pin().messages, "pinned 2 images in 2 files\n");
  EXPECT_THAT(asked, ElementsAre("nginx:1.25@" + a)) << "what is pinned is what is verified";
}

TEST_F(SignedRuns, PinDoesNotWriteWhatARuleDenies) {
  demand(action::deny);
  acme = says::refused;
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", pod("redis:7"));
  const auto stopped = pin();
  EXPECT_EQ(stopped.status, run_status::failed);
  EXPECT_THAT(stopped.writes, IsEmpty());
  EXPECT_EQ(stopped.errors, "a.yaml:6:14: container web: \"nginx:1.25\" is not pinned: " + refusal +
                                "\nnothing is written: 1 image refused by rules; use --keep-going to write the rest\n");
  pin_options.keeps_going = true;
  const auto rest = pin();
  EXPECT_EQ(rest.status, run_status::failed);
  ASSERT_EQ(rest.writes.size(), 1U);
  EXPECT_EQ(rest.writes[0].path, "b.yaml");
  EXPECT_THAT(rest.messages, HasSubstr("pinned 1 image in 1 file; 1 refused by rules\n"));
}

TEST_F(SignedRuns, ALookUpThatFailsIsNeitherSignedNorNot) {
  demand(action::deny);
  acme = says::down;
  add("a.yaml", pod("nginx:1.25"));
  const auto done = pin();
  EXPECT_EQ(done.status, run_status::unresolved);
  EXPECT_THAT(done.errors, HasSubstr("rule own: registry docker.io did not answer"));
  EXPECT_EQ(lock().status, run_status::unresolved);
  inputs.clear();
  add("b.yaml", pod("nginx@" + a));
  const auto checked = check();
  EXPECT_EQ(checked.status, run_status::unresolved);
  EXPECT_THAT(checked.errors,
              HasSubstr("b.yaml:6:14: container web: \"nginx@" + a + "\": rule own: registry docker.io"));
}

TEST_F(SignedRuns, ARuleThatWarnsWarns) {
  demand(action::warn);
  add("a.yaml", pod("nginx:1.25"));
  for (const auto& [is, text] : std::map<says, std::string>{{says::refused, "a.yaml:6:14: container web: " + refusal},
                                                            {says::down, "did not answer"}}) {
    acme = is;
    const auto done = pin();
    EXPECT_EQ(done.status, run_status::good);
    EXPECT_EQ(done.writes.size(), 1U);
    EXPECT_THAT(done.messages, HasSubstr(text));
    EXPECT_EQ(done.errors, "");
    EXPECT_THAT(lock().messages, HasSubstr(text));
  }
}

TEST_F(SignedRuns, WhereNobodyIsAskedItIsSaid) {
  demand(action::deny);
  is_online = false;
  acme = says::refused;
  add("a.yaml", pod("nginx:1.25"));
  const std::string note = "the signatures of 1 image are not checked: no registry is asked";
  const auto pinned = pin();
  EXPECT_EQ(pinned.writes.size(), 1U);
  EXPECT_THAT(pinned.messages, HasSubstr(note));
  EXPECT_THAT(lock().messages, HasSubstr(note));
  const auto made =
      fn("- {apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {containers: [{name: web, image: nginx:1.25}]}}\n");
  EXPECT_EQ(made.status, run_status::good);
  EXPECT_THAT(made.out, HasSubstr(note));
  check_options.has_drift = false;
  inputs.clear();
  add("b.yaml", pod("nginx@" + a));
  const auto checked = check();
  EXPECT_EQ(checked.status, run_status::good);
  EXPECT_THAT(checked.messages,
              HasSubstr("1 note; 1 image; 1 demand on signatures not checked (--drift asks registries)"));
}

TEST_F(SignedRuns, OneSharedPlaceIsRefusedAsAWhole) {
  auto own = pinhook::testing::made_rule("own", {"**/nginx"});
  own.about.namespaces = {"shop"};
  own.demands.push_back({.requirement = rules::requirement::signed_by, .verifiers = {{"acme"}}});
  own.action = action::deny;
  set = pinhook::testing::made_rules({own});
  acme = says::refused;
  pin_options.keeps_going = true;
  add("a.yaml",
      "kind: List\napiVersion: v1\nitems:\n"
      "- {kind: Pod, apiVersion: v1, metadata: {name: x, namespace: other}, spec: &spec {containers: [{name: web, "
      "image: nginx:1.25}]}}\n"
      "- {kind: Pod, apiVersion: v1, metadata: {name: y, namespace: shop}, spec: *spec}\n");
  const auto done = pin();
  EXPECT_EQ(done.status, run_status::failed) << done.messages;
  EXPECT_THAT(done.writes, IsEmpty());
}

TEST_F(SignedRuns, AnEntryOfAKustomizationGetsADigestAsWell) {
  const pinhook::testing::temporary_directory files;
  files.write("web.yaml", pod("nginx:1.25"));
  const std::string text = "resources: [web.yaml]\n";
  add(files.write("kustomization.yaml", text).string(), text);
  demand(action::deny);
  acme = says::refused;
  const auto done = pin();
  EXPECT_EQ(done.status, run_status::failed) << done.messages;
  EXPECT_THAT(done.writes, IsEmpty());
  EXPECT_THAT(done.errors, HasSubstr("web.yaml:6:14: " + refusal));
  EXPECT_EQ(lock().status, run_status::failed);
  acme = says::down;
  EXPECT_EQ(pin().status, run_status::unresolved);
  acme = says::accepted;
  EXPECT_EQ(pin().writes.size(), 1U);
  EXPECT_EQ(lock().writes.size(), 1U);
}

TEST_F(SignedRuns, LockKeepsTheEntryThatItHas) {
  demand(action::deny);
  add("a.yaml", pod("nginx:1.25"));
  lock_options.existing = lock().writes.at(0).text;
  digests.holds("docker.io/library/nginx:1.25", digest_of_digit('c'));
  add("b.yaml", pod("redis:7"));
  acme = says::refused;
  lock_options.updates = true;
  const auto stopped = lock();
  EXPECT_EQ(stopped.status, run_status::failed);
  EXPECT_THAT(stopped.writes, IsEmpty());
  EXPECT_THAT(stopped.errors, AllOf(HasSubstr("container web: \"nginx:1.25\" is not locked: " + refusal),
                                    HasSubstr("nothing is written: 1 image refused by rules")));
  lock_options.keeps_going = true;
  const auto kept = files::read_lock(lock().writes.at(0).text);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->images.find("docker.io/library/nginx:1.25")->digest, digest_of_digit('a'));
  EXPECT_NE(kept->images.find("docker.io/library/redis:7"), nullptr);
}

TEST_F(SignedRuns, LockVerifiesThePinsOfFilesThatAreNew) {
  demand(action::deny);
  acme = says::refused;
  add("a.yaml", pod("nginx:1.25@" + b));
  lock_options.keeps_going = true;
  const auto done = lock();
  EXPECT_EQ(done.status, run_status::failed);
  EXPECT_THAT(done.writes, IsEmpty());
  EXPECT_THAT(asked, ElementsAre("nginx:1.25@" + b));
  EXPECT_EQ(digests.calls(), 0U) << "the digest is known";
}

TEST_F(SignedRuns, TheMemoryOfPinForgetsWhatIsRefused) {
  demand(action::deny);
  pin_options.memory = pin_memory{"images.lock", std::nullopt, {.now = *parse_timestamp("2026-11-21T08:30:00Z")}};
  pin_options.keeps_going = true;
  acme = says::refused;
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", pod("redis:7"));
  const auto done = pin();
  ASSERT_EQ(done.writes.size(), 2U);
  EXPECT_THAT(done.writes[0].text, AllOf(HasSubstr("redis:7"), Not(HasSubstr("nginx:1.25"))));
}

TEST_F(SignedRuns, CheckOfDriftFindsWhatIsNotSigned) {
  demand(action::deny);
  acme = says::refused;
  add("pinned.yaml", pod("nginx@" + a));
  add("tagged.yaml", pod("nginx:1.25@" + a));
  add("open.yaml", pod("nginx:1.25"));
  const auto done = check();
  EXPECT_EQ(done.status, run_status::failed);
  EXPECT_THAT(done.out, AllOf(HasSubstr("pinned.yaml:6:14"), HasSubstr("tagged.yaml:6:14"), HasSubstr("own")));
  EXPECT_THAT(asked, ElementsAre("nginx@" + a, "nginx:1.25@" + a));
  EXPECT_EQ(done.errors, "");
  check_options.output = report_format::json;
  EXPECT_THAT(check().out,
              HasSubstr("not signed by acme: 1 signature was found, which does not count; acme: key sha256:12"));
  acme = says::accepted;
  inputs.pop_back();
  EXPECT_EQ(check().status, run_status::good);
}

TEST_F(SignedRuns, CheckOfDriftVerifiesWhatStaysATag) {
  auto own = pinhook::testing::never_rule("own", {"**/nginx"});
  own.demands.push_back({.requirement = rules::requirement::signed_by, .verifiers = {{"acme"}}});
  own.action = action::deny;
  set = pinhook::testing::made_rules({own});
  add("a.yaml", pod("nginx:1.25"));
  EXPECT_EQ(check().status, run_status::good);
  EXPECT_THAT(asked, ElementsAre("nginx:1.25@" + a));
}

TEST_F(SignedRuns, FnSaysWhyAnImageIsRefused) {
  demand(action::deny);
  acme = says::refused;
  const std::string pod_text =
      "- {apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {containers: [{name: web, image: nginx:1.25}]}}\n";
  const auto done = fn(pod_text);
  EXPECT_EQ(done.status, run_status::failed);
  EXPECT_THAT(done.out,
              AllOf(HasSubstr("image: nginx:1.25}"), HasSubstr("is not pinned: rule own: not signed by acme")));
  EXPECT_THAT(done.errors, HasSubstr("is not pinned: rule own"));
}

}  // namespace
}  // namespace pinhook::pipeline
