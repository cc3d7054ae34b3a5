// Rules that deny registries, as pin, lock and fn obey them.
#include <pinhook/pipeline/registry_refusal.hpp>

#include "support/made_rules.hpp"
#include "unit/pipeline/run_fixture.hpp"

#include <pinhook/base/timestamp.hpp>
#include <pinhook/pipeline/function_run.hpp>
#include <pinhook/pipeline/lock_run.hpp>
#include <pinhook/pipeline/pin_run.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::digest_of_digit;
using pinhook::testing::shown;
using pinhook::testing::shown_outcome;
using rules::action;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class RegistryRefusal : public FilesRun {
 protected:
  RegistryRefusal() {
    pin_options.target = run_target::in_place;
    lock_options.path = "images.lock";
    lock_options.wait.now = *parse_timestamp("2026-11-21T08:30:00Z");
    digests.holds("quay.io/acme/tool:1", digest_of_digit('b'));
    demand(action::deny);
  }

  // Images come from docker.io.
  void demand(action a) {
    auto own = pinhook::testing::made_rule("own", {});
    own.demands.push_back({.requirement = rules::requirement::registry, .values = {"docker.io"}});
    own.message = "have it copied to us.";
    own.action = a;
    set = pinhook::testing::made_rules({own});
  }
  shown_outcome drive(run& r) { return shown(r.finish(digests.answers(r.wanted()))); }
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
  shown_outcome fn(const std::string& config) {
    const std::string pod_of = "- {apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {containers: [{name: ";
    const std::string text = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n" + config + "items:\n" +
                             pod_of + "web, image: quay.io/acme/tool:1}]}}\n" + pod_of + "web, image: nginx:1.25}]}}\n";
    function_run r(text, {.orders = {.set = set}}, places);
    return drive(r);
  }

  rules::rule_set set;
  pin_run_options pin_options;
  lock_run_options lock_options;
};

const std::string refusal = "rule own: have it copied to us; take it from docker.io";

TEST_F(RegistryRefusal, PinLeavesTheRegistryAloneAndNamesTheRule) {
  add("a.yaml", pod("quay.io/acme/tool:1"));
  add("b.yaml", pod("nginx:1.25"));
  const auto stopped = pin();
  EXPECT_EQ(stopped.status, run_status::failed);
  EXPECT_THAT(stopped.writes, IsEmpty());
  EXPECT_EQ(stopped.errors, "a.yaml:6:14: container web: \"quay.io/acme/tool:1\" is not pinned: " + refusal +
                                "\nnothing is written: 1 image refused by rules; use --keep-going to write the rest\n");
  EXPECT_THAT(digests.asked(), ElementsAre("docker.io/library/nginx:1.25"));
  pin_options.keeps_going = true;
  const auto rest = pin();
  EXPECT_EQ(rest.status, run_status::failed);
  ASSERT_EQ(rest.writes.size(), 1U);
  EXPECT_EQ(rest.writes[0].path, "b.yaml");
  EXPECT_THAT(rest.messages, HasSubstr("pinned 1 image in 1 file; 1 refused by rules\n"));
}

TEST_F(RegistryRefusal, OnlyWhatWouldBeWrittenIsRefused) {
  const struct {
    const char* about;
    action by;
    pin_task task;
    std::string image;
    run_status status;
  } cases[] = {
      {"a rule that warns", action::warn, pin_task::pin, "quay.io/acme/tool:1", run_status::good},
      {"a rule that notes", action::audit, pin_task::pin, "quay.io/acme/tool:1", run_status::good},
      {"an exception", action::allow, pin_task::pin, "quay.io/acme/tool:1", run_status::good},
      {"another registry", action::deny, pin_task::pin, "docker.io/library/nginx:1.25", run_status::good},
      {"pinned already", action::deny, pin_task::pin, "quay.io/acme/tool@" + a, run_status::good},
      {"a pin that would move", action::deny, pin_task::update, "quay.io/acme/tool:1@" + a, run_status::failed},
      {"back to the tag", action::deny, pin_task::unpin, "quay.io/acme/tool:1@" + a, run_status::good},
  };
  for (const auto& one : cases) {
    inputs.clear();
    demand(one.by);
    pin_options.task = one.task;
    add("a.yaml", pod(one.image));
    EXPECT_EQ(pin().status, one.status) << one.about;
  }
}

// A digest mends what these demand.
TEST_F(RegistryRefusal, DemandsThatADigestMeetsRefuseNothing) {
  for (const auto wanted : {rules::requirement::tag, rules::requirement::not_latest, rules::requirement::digest}) {
    auto own = pinhook::testing::made_rule("own", {});
    own.demands.push_back({wanted, {}});
    own.action = action::deny;
    set = pinhook::testing::made_rules({own});
    digests.holds("docker.io/library/nginx:latest", digest_of_digit('a'));
    inputs.clear();
    add("a.yaml", pod("nginx"));
    EXPECT_EQ(pin().status, run_status::good);
    EXPECT_EQ(lock().status, run_status::good);
  }
}

// A value that looks like an image may be none, and fails no run.
TEST_F(RegistryRefusal, AGuessIsLeft) {
  add("a.yaml", "apiVersion: acme.test/v1\nkind: Build\nspec:\n  image: quay.io/acme/tool:1\n");
  ASSERT_TRUE(inputs[0].content->slots().at(0).is_guess);
  const auto done = pin();
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_THAT(done.messages, HasSubstr(refusal + "; it may not be an image"));
  EXPECT_EQ(lock().status, run_status::good);
  EXPECT_THAT(digests.asked(), IsEmpty());
}

TEST_F(RegistryRefusal, ALockKeepsTheEntryThatItHas) {
  const std::string held = "quay.io/acme/tool:1: {digest: \"" + a + "\"";
  const std::string before = "apiVersion: pinhook.dev/v1\nkind: ImageLock\nimages:\n  " + held + "}\n";
  for (const auto& [is_kept, image] :
       std::map<bool, std::string>{{true, "quay.io/acme/tool:1"}, {false, "quay.io/acme/new:1"}}) {
    SCOPED_TRACE(image);
    inputs.clear();
    lock_options.existing = before;
    lock_options.updates = true;
    lock_options.keeps_going = false;
    add("a.yaml", pod(image));
    add("b.yaml", pod("nginx:1.25"));
    const auto stopped = lock();
    EXPECT_EQ(stopped.status, run_status::failed);
    EXPECT_THAT(stopped.writes, IsEmpty());
    EXPECT_THAT(stopped.errors,
                HasSubstr("a.yaml:6:14: container web: \"" + image + "\" is not locked: " + refusal + "\n"));
    lock_options.keeps_going = true;
    const auto rest = lock();
    ASSERT_EQ(rest.writes.size(), 1U);
    EXPECT_THAT(rest.writes[0].text, HasSubstr("docker.io/library/nginx:1.25"));
    EXPECT_THAT(rest.writes[0].text, HasSubstr(held));
    EXPECT_THAT(rest.writes[0].text, Not(HasSubstr("quay.io/acme/new:1")));
  }
  EXPECT_THAT(digests.asked(), Not(::testing::Contains(HasSubstr("quay.io"))));
}

// A pin in a file is the author's; the lock does not take it over against the rule.
TEST_F(RegistryRefusal, APinInAFileIsNotLocked) {
  add("a.yaml", pod("quay.io/acme/tool:1@" + a));
  lock_options.keeps_going = true;
  const auto done = lock();
  EXPECT_EQ(done.status, run_status::failed);
  EXPECT_THAT(done.writes, IsEmpty());
  EXPECT_THAT(done.errors, HasSubstr("is not locked: " + refusal));
}

TEST_F(RegistryRefusal, TheFunctionHasAnErrorAndWritesTheRestWhenAsked) {
  const auto stopped = fn("");
  EXPECT_EQ(stopped.status, run_status::failed);
  EXPECT_THAT(stopped.out, Not(HasSubstr("@sha256")));
  EXPECT_THAT(stopped.out, HasSubstr("\\\"quay.io/acme/tool:1\\\" is not pinned: " + refusal));
  const auto rest = fn("functionConfig: {apiVersion: v1, kind: ConfigMap, data: {keep-going: \"true\"}}\n");
  EXPECT_EQ(rest.status, run_status::failed);
  EXPECT_THAT(rest.out, HasSubstr("nginx@sha256"));
  EXPECT_THAT(rest.out, Not(HasSubstr("tool@sha256")));
}

TEST_F(RegistryRefusal, AnImageIsJudgedByTheNameUnderWhichItComesOut) {
  add("a.yaml", pod("quay.io/acme/tool:1"));
  const auto& slot = inputs[0].content->slots().at(0);
  const slot_rules orders{.set = set};
  const auto named = [](const std::string& text, bool is_guess) {
    return renamed_image{
        .ref = registry::reference::parse(text).value(), .text = text, .by = "k.yaml", .is_guess = is_guess};
  };
  EXPECT_EQ(registry_refusal(orders, slot, 0, {}), refusal);
  EXPECT_EQ(registry_refusal(orders, slot, 0, {{0, named("docker.io/acme/tool:1", false)}}), "");
  EXPECT_EQ(registry_refusal(orders, slot, 0, {{0, named("docker.io/acme/tool:1", true)}}), refusal);
  EXPECT_EQ(registry_refusal(orders, slot, 0, {{1, named("docker.io/acme/tool:1", false)}}), refusal);
  EXPECT_EQ(registry_refusal(orders, slot, 0,
                             {{0, named("docker.io/acme/tool:1", false)}, {0, named("ghcr.io/acme/tool:1", false)}}),
            refusal);
}

}  // namespace
}  // namespace pinhook::pipeline
