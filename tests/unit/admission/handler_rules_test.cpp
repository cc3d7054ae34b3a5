// Answers of a handler where the operator has rules.
#include "support/fake_tenant_credentials.hpp"
#include "support/handler_fixture.hpp"
#include "support/json_patch_apply.hpp"

#include <pinhook/admission/handler.hpp>
#include <pinhook/base/json_writer.hpp>
#include <pinhook/rules/judge.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::admission {
namespace {

using ::testing::AllOf;
using testing::container;
using testing::deployment;
using testing::digest_of_digit;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::review_of;
using testing::sha;
using ::testing::StartsWith;

constexpr std::string_view no_latest = "[{name: no-latest, require: not-latest, action: deny}]";
constexpr std::string_view need_digest =
    "[{name: left, images: ['**/proxy'], pin: never}, {name: digests, require: digest, action: deny}]";

std::string pulled(std::string_view name, std::string_view image, std::string_view policy) {
  return fmt::format(R"({{"name":"{}","image":"{}","imagePullPolicy":"{}"}})", name, image, policy);
}

struct HandlerRules : testing::handler_fixture {
  HandlerRules() { start_over(); }
  void start_over() {
    tags = std::make_shared<testing::fake_resolver>();
    tags->holds("docker.io/library/nginx:latest", digest_of_digit('a'));
    tags->holds("docker.io/library/nginx:1.25", digest_of_digit('b'));
  }
  /// rule, taken, container of each finding.
  static std::vector<std::string> found(const verdict& v) {
    std::vector<std::string> out;
    for (const rule_outcome& o : v.findings) out.push_back(fmt::format("{} {} {}", o.taken, o.rule, o.container));
    return out;
  }
};

TEST_F(HandlerRules, DeniesWithWhyAndTheLineToWrite) {
  use_rules(no_latest);
  const verdict v = ask(review_of(deployment(container("web", "nginx"))));
  EXPECT_EQ(v.outcome, outcome::denied);
  EXPECT_FALSE(field("allowed").GetBool());
  EXPECT_EQ(field("status")["code"].GetInt(), 403);
  EXPECT_EQ(json::text_of(field("status")["reason"]), "Forbidden");
  EXPECT_THAT(
      lines(),
      ElementsAre(fmt::format("pinhook denies Deployment \"web\": 1 finding: rule no-latest: container web, image "
                              "\"nginx\": {}. Write image: nginx@{}",
                              rules::text_of(rules::requirement::not_latest).reason, sha('a')),
                  StartsWith("Namespace shop is labelled pinhook.dev/pin=enforce: ")));
  EXPECT_FALSE(has("patch"));
  EXPECT_THAT(warnings(), IsEmpty());
  EXPECT_EQ(annotation("findings"), "deny no-latest: web: nginx");
  EXPECT_EQ(annotation("pins"), "");
  ASSERT_EQ(v.findings.size(), 1U);
  EXPECT_EQ(v.findings[0].rule, "no-latest");
  EXPECT_EQ(v.findings[0].taken, "deny");
  EXPECT_EQ(v.findings[0].container, "web");
  EXPECT_EQ(v.findings[0].image, "nginx");
  ASSERT_EQ(v.slots.size(), 1U);
  EXPECT_EQ(v.slots[0].source, "denied");
  EXPECT_EQ(v.slots[0].to, "");
}

TEST_F(HandlerRules, TellsAllFindingsAndWhatCannotBePinnedTogether) {
  use_rules(R"(
- {name: no-latest, require: not-latest, action: deny}
- {name: own, require: {registry: [docker.io]}, action: deny, message: ask platform@example.com.})");
  for (const pin::mode m : {pin::mode::enforce, pin::mode::best_effort}) {
    const verdict v = ask(review_of(deployment(container("web", "nginx") + "," + container("side", "quay.io/x:latest") +
                                               "," + container("gone", "nope:1"))),
                          m);
    EXPECT_EQ(v.outcome, outcome::denied);
    EXPECT_EQ(field("status")["code"].GetInt(), 403);
    ASSERT_EQ(lines().size(), 6U) << message();
    EXPECT_EQ(lines()[0], "pinhook denies Deployment \"web\": 3 findings:");
    EXPECT_THAT(lines()[1], StartsWith("- rule no-latest: container web"));
    EXPECT_THAT(lines()[2], StartsWith("- rule no-latest: container side, image \"quay.io/x:latest\""));
    EXPECT_THAT(lines()[2], EndsWith(". Write the tag of the version that is meant"));
    EXPECT_EQ(
        lines()[3],
        "- rule own: container side, image \"quay.io/x:latest\": ask platform@example.com. Take it from docker.io");
    EXPECT_THAT(lines()[4], StartsWith("pinhook cannot pin 1 of 3 images: container gone, image \"nope:1\": "));
    EXPECT_THAT(lines()[5], StartsWith(fmt::format("Namespace shop is labelled pinhook.dev/pin={}: ", to_string(m))));
    EXPECT_THAT(found(v), ElementsAre("deny no-latest web", "deny no-latest side", "deny own side"));
    EXPECT_FALSE(has("patch"));
  }
}

TEST_F(HandlerRules, ARegistryThatARuleDeniesIsNotAsked) {
  const std::string both = deployment(container("web", "nginx") + "," + container("side", "quay.io/x:latest"));
  for (const pin::mode m : {pin::mode::enforce, pin::mode::best_effort, pin::mode::audit}) {
    start_over();
    use_rules("[{name: own, require: {registry: [docker.io]}, action: deny}, {preset: strict}]");
    const verdict denied = ask(review_of(both), m);
    EXPECT_THAT(tags->asked(), ElementsAre("docker.io/library/nginx:latest"));
    // The digest of an image that does not run is not needed.
    const std::string_view would = m == pin::mode::audit ? "would-" : "";
    EXPECT_THAT(found(denied), ElementsAre(fmt::format("{}deny strict/tag web", would),
                                           fmt::format("{}deny strict/not-latest side", would),
                                           fmt::format("{}deny own side", would)));
    EXPECT_THAT(denied.body, Not(HasSubstr("cannot pin")));

    // A rule that only warns, and one that lets it pass.
    for (const std::string_view action : {"warn", "audit", "allow"}) {
      start_over();
      use_rules(fmt::format("[{{name: own, require: {{registry: [docker.io]}}, action: {}}}]", action));
      ask(review_of(both), m);
      EXPECT_THAT(tags->asked(), ::testing::UnorderedElementsAre("docker.io/library/nginx:latest", "quay.io/x:latest"));
    }
  }
}

TEST_F(HandlerRules, ADeniedImageIsHeldAgainstThePullPolicyThatItWouldHaveHad) {
  use_rules(R"(
- {name: own, require: {registry: [docker.io]}, action: deny}
- {name: pulls, require: {pull-policy: [IfNotPresent]}, action: deny}
- {name: relaxed, pullPolicy: if-not-present})");
  EXPECT_THAT(found(ask(review_of(deployment(container("side", "quay.io/x"))))), ElementsAre("deny own side"));
  EXPECT_THAT(found(ask(review_of(deployment(pulled("side", "quay.io/x", "Always"))))), ElementsAre("deny own side"));
  EXPECT_THAT(found(ask(review_of(deployment(pulled("side", "quay.io/x:1", "Always"))))),
              ElementsAre("deny own side", "deny pulls side"));
}

TEST_F(HandlerRules, WhatRulesDenyIsForbiddenThoughARegistryIsDown) {
  tags->fails("docker.io/library/nginx:latest", {error_code::unavailable, "no connection", {}});
  use_rules(no_latest);
  ask(review_of(deployment(container("web", "nginx"))));
  EXPECT_EQ(field("status")["code"].GetInt(), 403);
  rules = {};
  ask(review_of(deployment(container("web", "nginx"))));
  EXPECT_EQ(field("status")["code"].GetInt(), 503);
}

TEST_F(HandlerRules, WarnsWithTheLineToWrite) {
  use_rules("[{name: no-latest, require: not-latest, action: warn}]");
  const verdict v = ask(review_of(deployment(container("web", "nginx"))));
  EXPECT_EQ(v.outcome, outcome::pinned);
  EXPECT_THAT(patch(), HasSubstr("nginx@" + sha('a')));
  EXPECT_THAT(warnings(),
              ElementsAre(AllOf(StartsWith("rule no-latest: latest moves"),
                                EndsWith("; write image: nginx@" + sha('a') + " (container web, image nginx)"))));
  EXPECT_EQ(annotation("findings"), "warn no-latest: web: nginx");
}

TEST_F(HandlerRules, AFixStandsBehindTheReasonWhereThereIsRoom) {
  use_rules("[{name: own, require: {registry: [ghcr.io]}, action: warn, message: 'no'}]");
  ask(review_of(deployment(container("web", "nginx"))));
  EXPECT_THAT(warnings(), ElementsAre("rule own: no; take it from ghcr.io (container web, image nginx)"));
  use_rules(fmt::format("[{{name: own, require: {{registry: [ghcr.io]}}, action: warn, message: {}}}]",
                        std::string(200, 'y')));
  ask(review_of(deployment(container("web", "nginx"))));
  EXPECT_THAT(warnings(),
              ElementsAre(StartsWith("rule own: yyy"), "rule own: take it from ghcr.io (container web, image nginx)"));
}

TEST_F(HandlerRules, AnAuditRuleIsSilent) {
  use_rules("[{name: no-latest, require: not-latest, action: audit}]");
  for (const pin::mode m : {pin::mode::enforce, pin::mode::audit}) {
    const verdict v = ask(review_of(deployment(container("web", "nginx"))), m);
    EXPECT_THAT(warnings(), Not(::testing::Contains(HasSubstr("rule"))));
    EXPECT_EQ(annotation("findings"), "audit no-latest: web: nginx");
    EXPECT_THAT(found(v), ElementsAre("audit no-latest web"));
  }
}

TEST_F(HandlerRules, AuditModeSaysWhatRulesWouldDo) {
  use_rules(R"(
- {name: no-latest, images: ['**/nginx'], require: not-latest, action: deny}
- {name: soft, require: tag, action: warn})");
  const verdict v =
      ask(review_of(deployment(container("web", "nginx") + "," + container("x", "nope"))), pin::mode::audit);
  EXPECT_EQ(v.outcome, outcome::audited);
  EXPECT_TRUE(field("allowed").GetBool());
  EXPECT_FALSE(has("patch"));
  EXPECT_EQ(annotation("findings"), "would-deny no-latest: web: nginx; would-warn soft: x: nope");
  EXPECT_THAT(warnings(),
              ElementsAre(HasSubstr("would not be pinned"),
                          AllOf(StartsWith("rule no-latest would deny: "), HasSubstr("write image: nginx@" + sha('a'))),
                          StartsWith("rule soft would warn: "), HasSubstr("would be pinned")));
}

TEST_F(HandlerRules, AuditModeWithFindingsAloneIsAudited) {
  use_rules("[{name: own, require: {registry: [ghcr.io]}, action: audit}]");
  EXPECT_EQ(ask(review_of(deployment(container("web", "nginx@" + sha('a')))), pin::mode::audit).outcome,
            outcome::audited);
  EXPECT_EQ(ask(review_of(deployment(container("web", "ghcr.io/x@" + sha('a')))), pin::mode::audit).outcome,
            outcome::unchanged);
}

TEST_F(HandlerRules, AllowIsAnException) {
  use_rules(R"(
- {name: known, images: ['**/nginx'], require: not-latest, action: allow}
- {name: no-latest, require: not-latest, action: deny})");
  const verdict v = ask(review_of(deployment(container("web", "nginx"))));
  EXPECT_EQ(v.outcome, outcome::pinned);
  EXPECT_THAT(v.findings, IsEmpty());
  EXPECT_EQ(annotation("findings"), "");
}

TEST_F(HandlerRules, DigestIsDemandedOfWhatRuns) {
  use_rules(need_digest);
  // Pinned, kept or written.
  EXPECT_EQ(ask(review_of(deployment(container("web", "nginx:1.25")))).outcome, outcome::pinned);
  EXPECT_EQ(ask(review_of(deployment(container("web", "proxy@" + sha('a'))))).outcome, outcome::unchanged);
  // Left by a rule, and left because it cannot be resolved.
  EXPECT_THAT(found(ask(review_of(deployment(container("web", "proxy:1"))))), ElementsAre("deny digests web"));
  EXPECT_THAT(found(ask(review_of(deployment(container("web", "nope:1"))), pin::mode::best_effort)),
              ElementsAre("deny digests web"));
  // Under enforce that one does not run, and another try may pin it.
  tags->fails("docker.io/library/nope:1", {error_code::unavailable, "no connection", {}});
  EXPECT_THAT(found(ask(review_of(deployment(container("web", "nope:1"))))), IsEmpty());
  EXPECT_EQ(field("status")["code"].GetInt(), 503);
}

TEST_F(HandlerRules, AnImageThatTheUpdateLeavesIsNoReasonToRefuseIt) {
  use_rules(need_digest);
  const std::string old_object = deployment(container("web", "proxy:1"));
  const std::string scaled = deployment(container("web", "proxy:1"), R"("name":"web","labels":{"a":"b"})");
  verdict v = ask(review_of(scaled, old_object));
  EXPECT_TRUE(field("allowed").GetBool());
  EXPECT_THAT(found(v), ElementsAre("warn digests web"));
  EXPECT_THAT(warnings(), ElementsAre(StartsWith("rule digests: a tag can be moved")));
  v = ask(review_of(scaled, old_object), pin::mode::audit);
  EXPECT_THAT(found(v), ElementsAre("would-warn digests web"));
  v = ask(review_of(deployment(container("web", "proxy:1") + "," + container("b", "nginx:1.25")), old_object));
  EXPECT_THAT(found(v), ElementsAre("deny digests web"));
  EXPECT_FALSE(field("allowed").GetBool());
}

TEST_F(HandlerRules, TheFixNamesTheDigestThatTheCacheKnows) {
  use_rules(need_digest);
  const std::string body = review_of(deployment(container("web", "proxy:1")));
  ask(body);
  EXPECT_THAT(lines().at(0), EndsWith(". Write it with its digest, which docker buildx imagetools inspect prints"));
  tags->knows("docker.io/library/proxy:1", digest_of_digit('c'));
  ask(body);
  EXPECT_THAT(lines().at(0), EndsWith(". Write image: proxy@" + sha('c')));
  policy.format = pin::pin_format::tag_and_digest;
  ask(body);
  EXPECT_THAT(lines().at(0), EndsWith(". Write image: proxy:1@" + sha('c')));
  EXPECT_THAT(tags->asked(), IsEmpty());
}

TEST_F(HandlerRules, TheDigestOfTheFixIsTheTenantsOwn) {
  use_rules(need_digest);
  tags->knows("docker.io/library/proxy:1", digest_of_digit('c'));
  // A tenant whose credentials are not there yet gets no digest, and the review does not wait for them.
  const auto all = std::make_shared<testing::fake_tenant_credentials>();
  all->set({"shop", "", {}}, testing::fake_credentials::make("shop's"), false);
  tenants = all;
  ask(review_of(deployment(container("web", "proxy:1"))));
  EXPECT_THAT(message(), HasSubstr("Write it with its digest"));
  EXPECT_THAT(all->asked(), IsEmpty());
}

TEST_F(HandlerRules, RelaxesThePullPolicyInTheSamePatch) {
  use_rules("[{name: pulls, pullPolicy: if-not-present}]");
  const std::string body =
      review_of(deployment(pulled("web", "nginx", "Always") + "," + pulled("b", "nginx:1.25", "Always")));
  ask(body);
  EXPECT_THAT(
      patch(),
      StartsWith(fmt::format(
          R"([{{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"nginx@{}"}},)"
          R"({{"op":"replace","path":"/spec/template/spec/containers/0/imagePullPolicy","value":"IfNotPresent"}},)"
          R"({{"op":"replace","path":"/spec/template/spec/containers/1/image","value":"nginx@{}"}},{{"op":"add")",
          sha('a'), sha('b'))));
  EXPECT_THAT(annotation("pins"), HasSubstr("web: Always -> IfNotPresent"));
  const verdict v = ask(body, pin::mode::audit);
  EXPECT_FALSE(has("patch"));
  EXPECT_EQ(v.outcome, outcome::audited);
  EXPECT_THAT(annotation("skipped"), HasSubstr("web: audit: Always -> IfNotPresent"));
  // An image that is not pinned keeps its policy.
  tags->fails("docker.io/library/nginx:latest", {error_code::unavailable, "no connection", {}});
  ask(body, pin::mode::best_effort);
  EXPECT_THAT(patch(), Not(HasSubstr("imagePullPolicy")));
}

TEST_F(HandlerRules, PullPoliciesAreJudgedAsTheyAreThen) {
  use_rules("[{name: pulls, require: {pull-policy: [IfNotPresent]}, action: deny}]");
  const auto finds = [&](std::string_view containers) {
    return !ask(review_of(deployment(containers))).findings.empty();
  };
  EXPECT_TRUE(finds(pulled("web", "nginx:1.25", "Always")));
  EXPECT_THAT(lines().at(0), EndsWith("Write imagePullPolicy: IfNotPresent"));
  EXPECT_FALSE(finds(pulled("web", "nginx", "IfNotPresent")));
  // The API server's default is that of the image as it is by then.
  EXPECT_FALSE(finds(container("web", "nginx:1.25")));
  EXPECT_FALSE(finds(container("web", "nginx")));
  policy.format = pin::pin_format::tag_and_digest;
  EXPECT_TRUE(finds(container("web", "nginx")));
  // Relaxed by a rule.
  EXPECT_TRUE(finds(pulled("web", "nginx", "Always")));
  use_rules(
      "[{name: relaxed, pullPolicy: if-not-present}, "
      "{name: pulls, require: {pull-policy: [IfNotPresent]}, action: deny}]");
  EXPECT_FALSE(finds(pulled("web", "nginx", "Always")));
}

TEST_F(HandlerRules, JudgesPodsOfForeignControllers) {
  use_rules(no_latest);
  const auto pod = [](std::string_view image, std::string_view more) {
    return fmt::format(
        R"({{"metadata":{{{}"ownerReferences":[{{"apiVersion":"db.example.com/v1","kind":"Cluster","name":"db","controller":true}}]}},)"
        R"("spec":{{"containers":[{}]}}}})",
        more, container("web", image));
  };
  const auto review = [](const std::string& object, const std::string& before = "null") {
    std::string body = review_of(object, before);
    body.replace(body.find(R"("group":"apps")"), 14, R"("group":"")");
    body.replace(body.find("\"Deployment\""), 12, "\"Pod\"");
    return body;
  };
  EXPECT_THAT(found(ask(review(pod("nginx", "")))), ElementsAre("deny no-latest web"));
  EXPECT_THAT(message(), StartsWith("pinhook denies Pod \"web\": "));
  EXPECT_THAT(found(ask(review(pod("nginx", ""), pod("other:1", "")))), ElementsAre("deny no-latest web"));
  const std::string labelled = R"("labels":{"a":"b"},)";
  EXPECT_THAT(found(ask(review(pod("nginx", labelled), pod("nginx", "")))), ElementsAre("warn no-latest web"));
  EXPECT_THAT(found(ask(review(pod("nginx", R"("deletionTimestamp":"2026-01-01T00:00:00Z",)"), pod("x:1", "")))),
              IsEmpty());
}

TEST_F(HandlerRules, DoesNotLookWherePinningDoesNot) {
  use_rules(no_latest);
  const std::string owner =
      R"("ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","controller":true}])";
  std::string owned = review_of(deployment(container("web", "nginx"), owner));
  owned.replace(owned.find("\"Deployment\""), 12, "\"ReplicaSet\"");
  const std::string skipped =
      review_of(deployment(container("web", "nginx"), R"("labels":{"pinhook.dev/pin":"skip"})"));
  EXPECT_THAT(ask(owned).findings, IsEmpty());
  EXPECT_THAT(ask(skipped, pin::mode::best_effort).findings, IsEmpty());
  EXPECT_THAT(ask(skipped, pin::mode::audit).findings, IsEmpty());
  EXPECT_THAT(found(ask(skipped)), ElementsAre("deny no-latest web"));
  policy.excluded_namespaces = {"shop"};
  EXPECT_THAT(ask(review_of(deployment(container("web", "nginx")))).findings, IsEmpty());
}

TEST_F(HandlerRules, ConditionsAreOfTheRequestAndTheSlot) {
  use_rules(R"(
- {name: x, namespaces: [sh*], kinds: [apps/Deployment], containers: [web], types: [container], require: tag, action: deny})");
  EXPECT_THAT(found(ask(review_of(deployment(container("web", "nginx") + "," + container("b", "nginx"))))),
              ElementsAre("deny x web"));
  use_rules("[{name: x, namespaces: [other], require: tag, action: deny}]");
  EXPECT_THAT(found(ask(review_of(deployment(container("web", "nginx"))))), IsEmpty());
}

TEST_F(HandlerRules, RunningAgainChangesNothing) {
  use_rules(R"(
- {name: pulls, pullPolicy: if-not-present}
- {name: tagged, images: ['**/nginx:1.*'], format: tag-and-digest}
- {name: left, images: ['quay.io/**'], pin: never}
- {name: by-digest, require: digest, action: audit}
- {preset: recommended})");
  const std::string object = deployment(pulled("web", "nginx", "Always") + "," + container("b", "nginx:1.25") + "," +
                                        container("side", "quay.io/x:1"));
  ask(review_of(object));
  EXPECT_THAT(patch(), HasSubstr("nginx:1.25@" + sha('b')));
  const auto patched = testing::apply_json_patch(*json::parse(object), *json::parse(patch()));
  ASSERT_TRUE(patched);
  const verdict again = ask(review_of(json::to_text(*patched)));
  EXPECT_FALSE(has("patch"));
  EXPECT_THAT(found(again), ElementsAre("audit by-digest side"));
}

TEST_F(HandlerRules, AnswersStayBoundedWithAThousandFindings) {
  use_rules(R"(
- {name: no-latest, require: not-latest, action: deny}
- {name: own, require: {registry: [ghcr.io]}, action: warn}
- {name: pulls, require: {pull-policy: [Never]}, action: deny})");
  std::string containers;
  for (std::size_t i = 0; i < pin::max_slots; ++i)
    containers +=
        (i == 0 ? "" : ",") + container(fmt::format("c{}", i), fmt::format("registry.example.com/nope/{}", i));
  for (const pin::mode m : {pin::mode::enforce, pin::mode::best_effort, pin::mode::audit}) {
    const verdict v = ask(review_of(deployment(containers)), m);
    EXPECT_EQ(v.findings.size(), 3 * pin::max_slots);
    EXPECT_LE(annotation("findings").size(), max_message_size);
    EXPECT_THAT(annotation("findings"), ::testing::ContainsRegex("; and [0-9]+ more$"));
    EXPECT_LE(warnings().size(), max_warnings);
    EXPECT_THAT(warnings().back(), ::testing::ContainsRegex("^and [0-9]+ more warnings$"));
    if (m == pin::mode::audit) continue;
    EXPECT_LE(message().size(), max_message_size);
    EXPECT_THAT(message(),
                StartsWith("pinhook denies Deployment \"web\": 2000 findings:\n- rule no-latest: container c0"));
    EXPECT_THAT(message(), ::testing::ContainsRegex("\n- and [0-9]+ more\npinhook cannot pin 1000 of 1000 images:\n"));
    EXPECT_THAT(message(), ::testing::ContainsRegex("\n- and [0-9]+ more\nNamespace shop is labelled "));
  }
}

}  // namespace
}  // namespace pinhook::admission
