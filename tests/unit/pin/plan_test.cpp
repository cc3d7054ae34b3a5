#include <pinhook/pin/plan.hpp>

#include "support/planned_example.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::pin {
namespace {

using testing::annotation;
using testing::decision_for;
using testing::digest_text;
using testing::example;
using testing::has_warning;
using testing::has_work;
using testing::plan_of;
using testing::record;
using testing::refreshed;
using action = decision::kind;

TEST(Plan, Rule1NeverChangesADigest) {
  for (const bool is_update : {false, true}) {
    const auto p = plan_of({.image = "nginx:1.25@" + digest_text('a'), .is_update = is_update});
    EXPECT_EQ(decision_for(p).action, action::leave);
    EXPECT_EQ(decision_for(p).reason, leave_reason::has_digest);
    EXPECT_FALSE(has_work(p.plan));
    EXPECT_TRUE(p.plan.warnings.empty());
  }
}

TEST(Plan, Rule2ResolvesEveryTagOfANewObject) {
  const auto p = plan_of({.more = R"(,"initContainers":[{"name":"init","image":"busybox"}])"});
  EXPECT_EQ(decision_for(p).action, action::resolve);
  EXPECT_EQ(decision_for(p).ref->canonical(), "docker.io/library/nginx:1.25");
  EXPECT_FALSE(decision_for(p).past_cache);
  EXPECT_EQ(decision_for(p, "init").ref->canonical(), "docker.io/library/busybox:latest");
}

TEST(Plan, Rule2DoesNotKeepAtCreation) {
  const auto p = plan_of(
      {.metadata = R"("annotations":{"pinhook.dev/pins":")" + record("docker.io/library/nginx:1.25", 'a') + "\"}"});
  EXPECT_EQ(decision_for(p).action, action::resolve);
}

TEST(Plan, Rule3LeavesAnEqualTemplate) {
  const auto p = plan_of({.metadata = R"("labels":{"a":"b"})", .is_update = true});
  EXPECT_EQ(decision_for(p).reason, leave_reason::same_template);
  EXPECT_TRUE(has_warning(p, "1 image keeps its tag"));
}

TEST(Plan, Rule4PinsWhenTheTemplateChanges) {
  const auto p = plan_of({.more = R"(,"hostNetwork":true)", .is_update = true});
  EXPECT_EQ(decision_for(p).action, action::resolve);
  EXPECT_TRUE(p.plan.warnings.empty());
}

TEST(Plan, Rule5PinsOnlyWhatChangesInAPod) {
  example e{.group = "", .kind = "Pod", .is_update = true};
  EXPECT_EQ(decision_for(plan_of(e)).reason, leave_reason::same_image);
  e.more = R"(,"hostNetwork":true)";
  EXPECT_EQ(decision_for(plan_of(e)).reason, leave_reason::same_image);
  e.image = "nginx:1.26";
  EXPECT_EQ(decision_for(plan_of(e)).action, action::resolve);
}

TEST(Plan, Rule5PinsNewEphemeralContainersAlone) {
  example e{
      .group = "", .kind = "Pod", .subresource = "ephemeralcontainers", .old_image = "other:1", .is_update = true};
  e.old_more = R"(,"ephemeralContainers":[{"name":"first","image":"busybox:1"}])";
  e.more = R"(,"ephemeralContainers":[{"name":"first","image":"busybox:1"},{"name":"second","image":"busybox:1"}])";
  const auto p = plan_of(e);
  EXPECT_EQ(decision_for(p).reason, leave_reason::same_image);
  EXPECT_EQ(decision_for(p, "first").reason, leave_reason::same_image);
  EXPECT_EQ(decision_for(p, "second").action, action::resolve);
  EXPECT_FALSE(p.plan.may_record);
}

TEST(Plan, Rule6NeverTouchesAnOwnedReplicaSet) {
  const std::string owned =
      R"("ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","controller":true}])";
  for (const bool is_update : {false, true}) {
    EXPECT_EQ(plan_of({.kind = "ReplicaSet", .metadata = owned, .is_update = is_update}).plan.exempt,
              leave_reason::owned_replica_set);
    EXPECT_EQ(
        plan_of({.group = "", .kind = "ReplicationController", .metadata = owned, .is_update = is_update}).plan.exempt,
        leave_reason::owned_replica_set);
  }
  const std::string no_controller = R"("ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"x"}])";
  EXPECT_EQ(plan_of({.kind = "ReplicaSet", .metadata = no_controller}).plan.exempt, leave_reason::none);
  EXPECT_EQ(plan_of({.kind = "StatefulSet", .metadata = owned}).plan.exempt, leave_reason::none);
}

TEST(Plan, Rule7LeavesPodsOfForeignControllers) {
  const auto owned_by = [](std::string_view version, std::string_view kind) {
    return fmt::format(R"("ownerReferences":[{{"apiVersion":"{}","kind":"{}","name":"x","controller":true}}])", version,
                       kind);
  };
  for (const auto& [version, kind] : {std::pair{"apps/v1", "ReplicaSet"},
                                      {"apps/v1", "StatefulSet"},
                                      {"apps/v1", "DaemonSet"},
                                      {"batch/v1", "Job"},
                                      {"v1", "ReplicationController"}})
    EXPECT_EQ(plan_of({.group = "", .kind = "Pod", .metadata = owned_by(version, kind)}).plan.exempt,
              leave_reason::none)
        << kind;
  for (const auto& [version, kind] :
       {std::pair{"postgresql.cnpg.io/v1", "Cluster"}, {"v1", "Node"}, {"apps.kruise.io/v1", "StatefulSet"}}) {
    example e{.group = "", .kind = "Pod", .metadata = owned_by(version, kind)};
    const auto p = plan_of(e);
    EXPECT_EQ(p.plan.exempt, leave_reason::foreign_controller) << kind;
    EXPECT_TRUE(has_warning(p, kind));
    e.policy.pin_foreign_controllers = true;
    EXPECT_EQ(decision_for(plan_of(e)).action, action::resolve);
  }
}

TEST(Plan, Rule8LooksAtTheRequestFirst) {
  policy rules;
  rules.excluded_namespaces = {"pinhook"};
  const std::tuple<operation, const char*, const char*, const char*, leave_reason> cases[] = {
      {operation::create, "Pod", "", "shop", leave_reason::none},
      {operation::update, "Pod", "ephemeralcontainers", "shop", leave_reason::none},
      {operation::update, "Deployment", "", "", leave_reason::none},
      {operation::remove, "Pod", "", "shop", leave_reason::other_operation},
      {operation::connect, "Pod", "exec", "shop", leave_reason::other_operation},
      {operation::update, "Pod", "status", "shop", leave_reason::other_subresource},
      {operation::create, "Pod", "binding", "shop", leave_reason::other_subresource},
      {operation::update, "Deployment", "scale", "shop", leave_reason::other_subresource},
      {operation::update, "Deployment", "ephemeralcontainers", "shop", leave_reason::other_subresource},
      {operation::create, "Pod", "", "kube-system", leave_reason::excluded_namespace},
      {operation::create, "Pod", "", "kube-public", leave_reason::excluded_namespace},
      {operation::create, "Pod", "", "kube-node-lease", leave_reason::excluded_namespace},
      {operation::create, "Pod", "", "pinhook", leave_reason::excluded_namespace},
  };
  for (const auto& [op, kind, subresource, ns, expected] : cases)
    EXPECT_EQ(exempt_by_request({op, kind == std::string_view("Pod") ? "" : "apps", kind, subresource, ns}, rules),
              expected)
        << kind << '/' << subresource << ' ' << ns;
}

TEST(Plan, Rule8LeavesWhatIsBeingDeleted) {
  const auto p =
      plan_of({.image = "nginx:1.26", .metadata = R"("deletionTimestamp":"2026-01-01T00:00:00Z")", .is_update = true});
  EXPECT_EQ(p.plan.exempt, leave_reason::being_deleted);
  EXPECT_FALSE(has_work(p.plan));
}

// An author can write the timestamp into what is created.
TEST(Plan, WhatIsCreatedIsNotBeingDeleted) {
  for (const char* kind : {"Pod", "Deployment"}) {
    const auto p = plan_of({.group = kind == std::string("Pod") ? "" : "apps",
                            .kind = kind,
                            .metadata = R"("deletionTimestamp":"2026-01-01T00:00:00Z")"});
    EXPECT_EQ(p.plan.exempt, leave_reason::none) << kind;
    EXPECT_TRUE(has_work(p.plan)) << kind;
  }
}

TEST(Plan, TheSkipLabelCountsOutsideOfEnforceAlone) {
  example e{.metadata = R"("labels":{"pinhook.dev/pin":"skip"})"};
  EXPECT_EQ(plan_of(e).plan.exempt, leave_reason::none);
  for (const mode m : {mode::best_effort, mode::audit}) {
    e.mode = m;
    EXPECT_EQ(plan_of(e).plan.exempt, leave_reason::skip_label);
  }
}

TEST(Plan, KeepsWhatOldObjectRecordedThenWhatObjectDid) {
  example e{.image = "nginx:1.26", .is_update = true};
  e.old_metadata = R"("annotations":{)" + annotation("pins", record("docker.io/library/nginx:1.26", 'a')) + "}";
  e.metadata = R"("annotations":{)" + annotation("pins", record("docker.io/library/nginx:1.26", 'b')) + "}";
  auto p = plan_of(e);
  ASSERT_EQ(decision_for(p).action, action::keep);
  EXPECT_EQ(decision_for(p).kept->to_string(), digest_text('a'));
  e.old_metadata.clear();
  p = plan_of(e);
  ASSERT_EQ(decision_for(p).action, action::keep);
  EXPECT_EQ(decision_for(p).kept->to_string(), digest_text('b'));
  e.metadata.clear();
  EXPECT_EQ(decision_for(plan_of(e)).action, action::resolve);
}

TEST(Plan, IgnoresARecordThatIsNone) {
  example e{.image = "nginx:1.26", .is_update = true};
  e.old_metadata = e.metadata = R"("annotations":{)" + annotation("pins", "[]") + "}";
  const auto p = plan_of(e);
  EXPECT_EQ(decision_for(p).action, action::resolve);
  EXPECT_EQ(p.plan.warnings.size(), 1U);
  EXPECT_TRUE(has_warning(p, "pinhook.dev/pins is ignored"));
}

TEST(Plan, UpdatesComeFromAnnotationThenRuleThenDefault) {
  example e{.image = "nginx:1.26", .is_update = true};
  const std::string pins = annotation("pins", record("docker.io/library/nginx:1.26", 'a'));
  e.old_metadata = e.metadata = R"("annotations":{)" + pins + "}";
  const auto decided = [&] { return decision_for(plan_of(e)).action; };
  EXPECT_EQ(decided(), action::keep);
  e.policy.updates = update_rule::refresh;
  EXPECT_EQ(decided(), action::resolve);
  e.orders = {{.pin = pin_order::keep}};
  EXPECT_EQ(decided(), action::keep);
  e.policy.updates = update_rule::keep;
  e.orders = {{.pin = pin_order::refresh}};
  EXPECT_EQ(decided(), action::resolve);
  EXPECT_FALSE(decision_for(plan_of(e)).past_cache);
  e.orders = {{.pin = pin_order::always}};
  EXPECT_EQ(decided(), action::keep);
  e.metadata = R"("annotations":{)" + pins + "," + annotation("updates", "keep") + "}";
  e.orders = {{.pin = pin_order::refresh}};
  EXPECT_EQ(decided(), action::keep);
  e.orders = {{.pin = pin_order::keep}};
  e.metadata = R"("annotations":{)" + pins + "," + annotation("updates", "refresh") + "}";
  EXPECT_EQ(decided(), action::resolve);
  EXPECT_FALSE(decision_for(plan_of(e)).past_cache);
  e.metadata = R"("annotations":{)" + pins + "," + annotation("updates", "sometimes") + "}";
  EXPECT_EQ(decided(), action::keep);
  EXPECT_TRUE(has_warning(plan_of(e), "pinhook.dev/updates is ignored"));
}

TEST(Plan, RefreshResolvesRecordedDigestsPastTheCache) {
  const auto p = plan_of(refreshed());
  ASSERT_EQ(decision_for(p).action, action::resolve);
  EXPECT_EQ(decision_for(p).ref->canonical(), "docker.io/library/nginx:1.25");
  EXPECT_EQ(decision_for(p).ref->written_name(), "nginx");
  EXPECT_TRUE(decision_for(p).past_cache);
}

TEST(Plan, RefreshNeedsANewValue) {
  for (const char* value : {R"(,"pinhook.dev/refresh":"1")", R"(,"pinhook.dev/refresh":"")", ""}) {
    example e = refreshed();
    e.metadata = R"("annotations":{"a":"b")" + std::string(value) + "}";
    EXPECT_EQ(decision_for(plan_of(e)).reason, leave_reason::has_digest) << value;
  }
  example e = refreshed();
  e.is_update = false;
  EXPECT_EQ(decision_for(plan_of(e)).reason, leave_reason::has_digest);
}

TEST(Plan, RefreshLeavesWhatTheAuthorPinned) {
  example e = refreshed();
  e.image = e.old_image = "redis@" + digest_text('a');
  auto p = plan_of(e);
  EXPECT_EQ(decision_for(p).reason, leave_reason::no_recorded_tag);
  EXPECT_TRUE(has_warning(p, "not refreshed: no tag is recorded for the digest (web)"));
}

TEST(Plan, RefreshAsksOnceEvenWhenTheWebhookIsCalledAgain) {
  example e = refreshed();
  e.image = "nginx@" + digest_text('b');
  e.metadata = R"("annotations":{)" + annotation("pins", record("docker.io/library/nginx:1.25", 'b')) + "," +
               annotation("refresh", "2") + "}";
  const auto p = plan_of(e);
  EXPECT_EQ(decision_for(p).reason, leave_reason::has_digest);
  EXPECT_TRUE(p.plan.warnings.empty());
}

TEST(Plan, RefreshMovesNoImmutableField) {
  example job = refreshed();
  job.group = "batch";
  job.kind = "Job";
  EXPECT_EQ(decision_for(plan_of(job)).reason, leave_reason::has_digest);
  EXPECT_TRUE(has_warning(plan_of(job), "immutable"));

  example pod = refreshed();
  pod.group = "";
  pod.kind = "Pod";
  pod.more = pod.old_more = R"(,"volumes":[{"name":"data","image":{"reference":"nginx:1.25"}}])";
  EXPECT_EQ(decision_for(plan_of(pod)).action, action::resolve);
  EXPECT_EQ(decision_for(plan_of(pod), "data").reason, leave_reason::immutable);
}

TEST(Plan, RefreshDoesNotOverrideRules6To8) {
  example e = refreshed();
  e.kind = "ReplicaSet";
  e.metadata += R"(,"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","controller":true}])";
  EXPECT_EQ(plan_of(e).plan.exempt, leave_reason::owned_replica_set);
}

TEST(Plan, RefusesWhatIsNoReference) {
  const auto p = plan_of({.image = "Nginx:1.25"});
  EXPECT_EQ(decision_for(p).action, action::refuse);
  EXPECT_FALSE(decision_for(p).problem.empty());
}

TEST(Plan, LeavesVariablesOfCustomResourcesAlone) {
  for (const char* image : {"{{inputs.parameters.image}}", "$(params.image)", "nginx:$(params.tag)"}) {
    example e{.group = "argoproj.io", .kind = "Rollout", .image = image};
    EXPECT_EQ(decision_for(plan_of(e)).reason, leave_reason::variable) << image;
    EXPECT_TRUE(has_warning(plan_of(e), image));
    EXPECT_EQ(decision_for(plan_of({.image = image})).action, action::refuse) << image;
  }
}

}  // namespace
}  // namespace pinhook::pin
