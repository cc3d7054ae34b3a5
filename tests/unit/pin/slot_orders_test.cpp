// The orders of rules, one slot_order a slot: see make_plan.
#include "support/planned_example.hpp"

#include <pinhook/pin/plan.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <tuple>

namespace pinhook::pin {
namespace {

using testing::annotation;
using testing::decision_for;
using testing::digest_text;
using testing::example;
using testing::has_warning;
using testing::plan_of;
using testing::record;
using testing::refreshed;
using action = decision::kind;

TEST(SlotOrders, NeverLeavesTheSlotAlone) {
  example e{.more = R"(,"initContainers":[{"name":"init","image":"busybox"}])", .orders = {{}, {}}};
  for (const bool is_update : {false, true}) {
    e.is_update = is_update;
    e.orders = {{.pin = pin_order::never, .format = pin_format::tag_and_digest}, {}};
    const auto p = plan_of(e);
    EXPECT_EQ(decision_for(p).action, action::leave);
    EXPECT_EQ(decision_for(p).reason, leave_reason::rule);
    EXPECT_EQ(decision_for(p, "init").action, action::resolve);
    EXPECT_TRUE(p.plan.warnings.empty());
  }
  // A template that stays: no warning that a later change pins it.
  example same{.is_update = true, .orders = {{.pin = pin_order::never}}};
  EXPECT_EQ(decision_for(plan_of(same)).reason, leave_reason::rule);
  EXPECT_TRUE(plan_of(same).plan.warnings.empty());
  // A text that is not a reference matches no rule.
  EXPECT_EQ(decision_for(plan_of({.image = "Nginx", .orders = {{.pin = pin_order::never}}})).action, action::refuse);
  EXPECT_EQ(decision_for(plan_of({.image = "nginx@" + digest_text('a'), .orders = {{.pin = pin_order::never}}})).reason,
            leave_reason::has_digest);
}

TEST(SlotOrders, RefreshBeatsKeepAndNeverBeatsRefresh) {
  example e = refreshed();
  e.orders = {{.pin = pin_order::keep}};
  EXPECT_TRUE(decision_for(plan_of(e)).past_cache);
  e.orders = {{.pin = pin_order::never}};
  EXPECT_EQ(decision_for(plan_of(e)).reason, leave_reason::rule);
  e.image = "nginx:1.25";
  EXPECT_EQ(decision_for(plan_of(e)).reason, leave_reason::rule);
  e.orders = {{.pin = pin_order::keep}};
  EXPECT_EQ(decision_for(plan_of(e)).action, action::resolve);
  EXPECT_TRUE(decision_for(plan_of(e)).past_cache);
}

TEST(SlotOrders, FormatComesFromTheRuleThenThePolicy) {
  example e{.orders = {{}}};
  EXPECT_EQ(decision_for(plan_of(e)).format, pin_format::digest);
  e.orders = {{.format = pin_format::tag_and_digest}};
  EXPECT_EQ(decision_for(plan_of(e)).format, pin_format::tag_and_digest);
  e.policy.format = pin_format::tag_and_digest;
  e.orders = {{.format = pin_format::digest}};
  EXPECT_EQ(decision_for(plan_of(e)).format, pin_format::digest);
  example r = refreshed();
  r.orders = {{.format = pin_format::tag_and_digest}};
  EXPECT_EQ(decision_for(plan_of(r)).format, pin_format::tag_and_digest);
}

constexpr std::string_view foreign_owner =
    R"("ownerReferences":[{"apiVersion":"postgresql.cnpg.io/v1","kind":"Cluster","name":"db","controller":true}])";

TEST(SlotOrders, AlwaysPinsThatSlotOfAForeignControllersPod) {
  example e{.group = "", .kind = "Pod", .metadata = std::string(foreign_owner)};
  e.more = R"(,"initContainers":[{"name":"init","image":"busybox"},{"name":"bad","image":"Busybox"}])";
  e.orders = {{.pin = pin_order::always}, {.pin = pin_order::keep}, {}};
  const auto p = plan_of(e);
  EXPECT_EQ(p.plan.exempt, leave_reason::none);
  EXPECT_EQ(decision_for(p).action, action::resolve);
  EXPECT_EQ(decision_for(p, "init").reason, leave_reason::foreign_controller);
  EXPECT_EQ(decision_for(p, "bad").reason, leave_reason::foreign_controller);
  EXPECT_TRUE(has_warning(p, "2 of 3 images not pinned: the Pod's controller may compare its images (Cluster db)"));
  e.orders = {{.pin = pin_order::keep}, {.pin = pin_order::refresh}, {}};
  EXPECT_EQ(plan_of(e).plan.exempt, leave_reason::foreign_controller);
  // When the image that stays has a digest, there is no warning.
  e.more = R"(,"initContainers":[{"name":"init","image":"busybox@)" + digest_text('a') + "\"}]";
  e.orders = {{.pin = pin_order::always}, {}};
  EXPECT_TRUE(plan_of(e).plan.warnings.empty());
}

TEST(SlotOrders, AlwaysDoesNotOverrideTheOtherRules) {
  example e{.group = "", .kind = "Pod", .metadata = std::string(foreign_owner), .is_update = true};
  e.orders = {{.pin = pin_order::always}};
  EXPECT_EQ(decision_for(plan_of(e)).reason, leave_reason::same_image);
  e.image = "nginx:1.26";
  EXPECT_EQ(decision_for(plan_of(e)).action, action::resolve);
  e.group = "apps";
  e.kind = "ReplicaSet";
  EXPECT_EQ(plan_of(e).plan.exempt, leave_reason::owned_replica_set);
  EXPECT_EQ(decision_for(plan_of({.is_update = true, .orders = {{.pin = pin_order::always}}})).reason,
            leave_reason::same_template);
  example skipped{.metadata = R"("labels":{"pinhook.dev/pin":"skip"})", .mode = mode::audit};
  skipped.orders = {{.pin = pin_order::always}};
  EXPECT_EQ(plan_of(skipped).plan.exempt, leave_reason::skip_label);
}

TEST(SlotOrders, SaysWhatAnUpdateLeavesAsItWas) {
  example e{.is_update = true};
  EXPECT_TRUE(decision_for(plan_of(e)).is_unchanged);
  e.orders = {{.pin = pin_order::never}};
  EXPECT_TRUE(decision_for(plan_of(e)).is_unchanged);
  e.orders.clear();
  e.image = e.old_image = "nginx@" + digest_text('a');
  EXPECT_TRUE(decision_for(plan_of(e)).is_unchanged);
  e.more = R"(,"hostNetwork":true)";
  EXPECT_FALSE(decision_for(plan_of(e)).is_unchanged);
  e.group = "";
  e.kind = "Pod";
  EXPECT_TRUE(decision_for(plan_of(e)).is_unchanged);
  e.image = "nginx:1.26";
  EXPECT_FALSE(decision_for(plan_of(e)).is_unchanged);
  e.is_update = false;
  EXPECT_FALSE(decision_for(plan_of(e)).is_unchanged);
}

// A slot whose pull policy most likely is the API server's default for "latest", and the rule that relaxes it.
example relaxing() {
  return {.more = R"(,"initContainers":[{"name":"init","image":"nginx","imagePullPolicy":"Always"}])",
          .old_more = R"(,"initContainers":[{"name":"init","image":"other","imagePullPolicy":"Always"}])",
          .orders = {{}, {.pull_policy = pull_policy_order::if_not_present}}};
}

bool relaxes(const example& e) { return decision_for(plan_of(e), "init").relaxes_pull_policy; }

TEST(SlotOrders, RelaxesAPullPolicyThatComesFromLatest) {
  const example e = relaxing();
  EXPECT_TRUE(relaxes(e));
  EXPECT_FALSE(decision_for(plan_of(e)).relaxes_pull_policy);
  example other = e;
  other.orders[1].pull_policy = pull_policy_order::as_written;
  EXPECT_FALSE(relaxes(other));
  other = e;
  other.orders.clear();
  EXPECT_FALSE(relaxes(other));
  other = e;
  other.is_update = true;
  EXPECT_TRUE(relaxes(other));
  const auto with = [&](std::string_view image, std::string_view pull_policy) {
    example one = e;
    one.more = fmt::format(R"(,"initContainers":[{{"name":"init","image":"{}"{}}}])", image, pull_policy);
    return relaxes(one);
  };
  EXPECT_TRUE(with("nginx:latest", R"(,"imagePullPolicy":"Always")"));
  EXPECT_FALSE(with("nginx:1.25", R"(,"imagePullPolicy":"Always")"));
  EXPECT_FALSE(with("nginx@" + digest_text('a'), R"(,"imagePullPolicy":"Always")"));
  EXPECT_FALSE(with("nginx", ""));
  for (const char* policy : {"IfNotPresent", "Never", "always", ""})
    EXPECT_FALSE(with("nginx", fmt::format(R"(,"imagePullPolicy":"{}")", policy))) << policy;
}

TEST(SlotOrders, RelaxesPullPoliciesInBuiltInKindsAlone) {
  for (const auto& [group, kind, expected] : {std::tuple{"batch", "Job", true},
                                              {"apps", "StatefulSet", true},
                                              {"", "ReplicationController", true},
                                              {"argoproj.io", "Rollout", false},
                                              {"apps.kruise.io", "CloneSet", false}}) {
    example e = relaxing();
    e.group = group;
    e.kind = kind;
    EXPECT_EQ(relaxes(e), expected) << kind;
  }
}

TEST(SlotOrders, RelaxesNoPullPolicyOfAContainerThatIsThere) {
  example pod = relaxing();
  pod.group = "";
  pod.kind = "Pod";
  EXPECT_TRUE(relaxes(pod));
  pod.is_update = true;
  EXPECT_EQ(decision_for(plan_of(pod), "init").action, action::resolve);
  EXPECT_FALSE(relaxes(pod));
  pod.subresource = "ephemeralcontainers";
  pod.old_more.clear();
  pod.more = R"(,"ephemeralContainers":[{"name":"init","image":"nginx","imagePullPolicy":"Always"}])";
  EXPECT_TRUE(relaxes(pod));
}

TEST(SlotOrders, RelaxesThePullPolicyOfWhatIsKept) {
  example e = relaxing();
  e.is_update = true;
  e.metadata = R"("annotations":{)" + annotation("pins", record("docker.io/library/nginx:latest", 'a')) + "}";
  EXPECT_EQ(decision_for(plan_of(e), "init").action, action::keep);
  EXPECT_TRUE(relaxes(e));
  // No effect on a slot that stays.
  e.old_more = e.more;
  EXPECT_EQ(decision_for(plan_of(e), "init").reason, leave_reason::same_template);
  EXPECT_FALSE(relaxes(e));
}

}  // namespace
}  // namespace pinhook::pin
