// The effect of the operator's rules on the findings of `check`.
#include "support/fake_digests.hpp"
#include "support/made_rules.hpp"

#include <pinhook/files/image_file.hpp>
#include <pinhook/pipeline/check_report.hpp>
#include <pinhook/pipeline/findings.hpp>
#include <pinhook/rules/judge.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::demand_rule;
using pinhook::testing::digest_of_digit;
using pinhook::testing::made_rule;
using pinhook::testing::made_rules;
using pinhook::testing::never_rule;
using rules::action;
using rules::requirement;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string a = digest_of_digit('a').to_string();

std::string pod(std::string_view image, std::string_view more = "") {
  return "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - {name: web, image: " + std::string(image) +
         std::string(more) + "}\n";
}

class RuleFindings : public ::testing::Test {
 protected:
  void use(std::vector<rules::rule> all) { checks_ = checks_with(made_rules(std::move(all)), "pinhook.yaml"); }

  checked_file check(const std::string& text, std::string_view path = "web.yaml") {
    file_ = files::image_file::read(text, path, {}).value();
    question_.checks = &checks_;
    question_.lists_images = true;
    return check_file(path, text, file_->slots(), question_);
  }

  // "error own-registries" for each finding.
  std::vector<std::string> findings_in(const std::string& text, std::string_view path = "web.yaml") {
    std::vector<std::string> out;
    for (const auto& f : check(text, path).findings) out.push_back(std::string(to_string(f.level)) + " " + f.rule);
    return out;
  }

  file_checks checks_ = own_checks();
  check_question question_;
  std::optional<files::image_file> file_;
};

TEST_F(RuleFindings, ActionsAreLevels) {
  for (const auto& [action, level] :
       {std::pair{action::deny, "error"}, {action::warn, "warning"}, {action::audit, "note"}}) {
    use({demand_rule("by-digest", requirement::digest, action)});
    EXPECT_THAT(findings_in(pod("nginx:1.25")), ElementsAre(std::string(level) + " by-digest"));
  }
}

TEST_F(RuleFindings, AnExceptionSilencesOursToo) {
  auto dev = demand_rule("dev", requirement::digest, action::allow);
  dev.about.images.push_back(rules::reference_pattern::parse("**/dev/*").value());
  use({dev});
  EXPECT_THAT(findings_in(pod("ghcr.io/dev/app:1")), IsEmpty());
  EXPECT_THAT(findings_in(pod("ghcr.io/acme/app:1")), ElementsAre("warning unpinned"));
  EXPECT_THAT(findings_in(pod("ghcr.io/dev/app")), ElementsAre("error no-tag"));
  EXPECT_THAT(findings_in(pod("ghcr.io/dev/app:latest")), ElementsAre("error latest"));
}

TEST_F(RuleFindings, OneOfTagLatestAndDigestAndTheOthersApart) {
  use({demand_rule("ours", requirement::registry, action::deny, {"ghcr.io"}),
       demand_rule("pulls", requirement::pull_policy, action::warn, {"IfNotPresent"})});
  const auto seen = check(pod("nginx"));
  EXPECT_THAT(findings_in(pod("nginx")), ElementsAre("error no-tag", "error ours", "warning pulls"));
  ASSERT_EQ(seen.images.size(), 1U);
  EXPECT_THAT(seen.images[0].findings, ElementsAre(0U, 1U, 2U));
  EXPECT_EQ(seen.findings[0].fix, "pinhook pin -i web.yaml");
  EXPECT_THAT(seen.findings[1].message, HasSubstr("\"nginx\": "));
  EXPECT_EQ(seen.findings[1].kind, rules::fix_kind::advice);
  EXPECT_EQ(to_do(seen.findings[1]), "take it from ghcr.io");
  EXPECT_THAT(seen.findings[2].message, HasSubstr("has no pull policy, which means Always: "));
  EXPECT_EQ(to_do(seen.findings[2]), "write imagePullPolicy: IfNotPresent");
}

TEST_F(RuleFindings, TheTableHoldsTheRulesOwnMessage) {
  auto ours = demand_rule("ours", requirement::registry, action::deny, {"ghcr.io"});
  use({ours});
  auto seen = check(pod("nginx@" + a));
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].rule_message, "") << "the built-in reason is no message of the rule";
  ours.message = "Have it copied to ghcr.io/acme.";
  use({ours});
  seen = check(pod("nginx@" + a));
  EXPECT_EQ(seen.findings[0].rule_message, "Have it copied to ghcr.io/acme");
  EXPECT_THAT(write_table({seen}, {}), HasSubstr("  Have it copied to ghcr.io/acme; take it from ghcr.io\n"));
}

TEST_F(RuleFindings, AnImageThatIsPinnedBreaksNothingOfItsReference) {
  use({demand_rule("t", requirement::tag, action::deny), demand_rule("l", requirement::not_latest, action::deny),
       demand_rule("d", requirement::digest, action::deny)});
  for (const auto& image : {"nginx@" + a, "nginx:latest@" + a, "nginx:1@" + a})
    EXPECT_THAT(findings_in(pod("'" + image + "'")), IsEmpty()) << image;
  EXPECT_THAT(findings_in(pod("'nginx@" + a + "'") + "# nginx\n"), IsEmpty());
  EXPECT_THAT(findings_in(pod("nginx")), ElementsAre("error t"));
  EXPECT_THAT(findings_in(pod("nginx:latest")), ElementsAre("error l"));
  EXPECT_THAT(findings_in(pod("nginx:1")), ElementsAre("error d"));
}

TEST_F(RuleFindings, OnlyTheMostSevereIsReported) {
  use({demand_rule("d", requirement::digest, action::audit)});
  EXPECT_THAT(findings_in(pod("nginx")), ElementsAre("error no-tag"));
  EXPECT_THAT(findings_in(pod("nginx:1")), ElementsAre("note d"));
}

TEST_F(RuleFindings, NeverSilencesOurUnpinnedAlone) {
  use({never_rule("left", {"**/istio/*"})});
  EXPECT_THAT(findings_in(pod("istio/proxyv2:1.2")), IsEmpty());
  EXPECT_THAT(findings_in(pod("istio/proxyv2")), ElementsAre("error no-tag"));
  EXPECT_THAT(findings_in(pod("nginx:1")), ElementsAre("warning unpinned"));
  use({never_rule("left"), demand_rule("d", requirement::digest, action::deny)});
  const auto seen = check(pod("istio/proxyv2:1.2"));
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].rule, "d");
  EXPECT_EQ(to_do(seen.findings[0]), "run pinhook resolve istio/proxyv2:1.2");
}

TEST_F(RuleFindings, NeverIsNotComparedAndNotAskedFor) {
  const std::string text = pod("'nginx:1@" + a + "'");
  digest_map known;
  known.emplace("docker.io/library/nginx:1", digest_of_digit('b'));
  question_.has_drift = true;
  question_.known = &known;
  std::map<std::string, registry::reference> references;
  EXPECT_THAT(findings_in(text), ElementsAre("warning drift"));
  EXPECT_TRUE(add_wanted(file_->slots(), question_, references));
  references.clear();
  use({never_rule("left")});
  EXPECT_THAT(findings_in(text), IsEmpty());
  EXPECT_FALSE(add_wanted(file_->slots(), question_, references));
  EXPECT_THAT(findings_in(pod("'nginx@" + a + "'")), IsEmpty());
  EXPECT_THAT(findings_in(pod("nginx")), ElementsAre("error no-tag"));
  EXPECT_FALSE(add_wanted(file_->slots(), question_, references));
  EXPECT_THAT(references, IsEmpty());
}

TEST_F(RuleFindings, ImagesAllowedWithoutADigestAreNotLookedUp) {
  use({demand_rule("free", requirement::digest, action::allow)});
  std::map<std::string, registry::reference> references;
  EXPECT_THAT(findings_in(pod("nginx:1")), IsEmpty());
  EXPECT_FALSE(add_wanted(file_->slots(), question_, references));
  EXPECT_THAT(findings_in(pod("nginx:latest")), ElementsAre("error latest"));
  EXPECT_TRUE(add_wanted(file_->slots(), question_, references));
}

TEST_F(RuleFindings, AKnownDigestMakesTheFixExact) {
  use({demand_rule("d", requirement::digest, action::deny)});
  digest_map known;
  known.emplace("docker.io/library/nginx:1", digest_of_digit('a'));
  question_.known = &known;
  question_.suggest_pin = [](std::size_t, const registry::digest& d) {
    return pin_text{"nginx@" + d.to_string(), replacement{1, 1, 1, 2, "x"}};
  };
  const auto seen = check(pod("nginx:1"));
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(to_do(seen.findings[0]), "write nginx@" + a);
  EXPECT_TRUE(seen.findings[0].change);
}

TEST_F(RuleFindings, ThePullPolicyIsTheOneInEffect) {
  use({demand_rule("p", requirement::pull_policy, action::deny, {"IfNotPresent", "Never"})});
  const std::string pinned = "'nginx:1@" + a + "'";
  EXPECT_THAT(findings_in(pod(pinned)), IsEmpty());
  EXPECT_THAT(findings_in(pod(pinned, ", imagePullPolicy: Never")), IsEmpty());
  EXPECT_THAT(findings_in(pod(pinned, ", imagePullPolicy: Always")), ElementsAre("error p"));
  EXPECT_THAT(check(pod(pinned, ", imagePullPolicy: Always")).findings.at(0).message,
              HasSubstr("has the pull policy \"Always\": "));
  EXPECT_THAT(findings_in("services: {web: {image: " + pinned + "}}\n", "compose.yaml"), IsEmpty());
}

TEST_F(RuleFindings, VolumesAndValuesHaveAnotherNameForIt) {
  use({demand_rule("p", requirement::pull_policy, action::deny, {"IfNotPresent"})});
  auto seen = check("apiVersion: v1\nkind: Pod\nspec: {volumes: [{name: m, image: {reference: 'm@" + a +
                    "', pullPolicy: Always}}]}\n");
  EXPECT_EQ(to_do(seen.findings.at(0)), "write pullPolicy: IfNotPresent");
  seen = check("a: {repository: nginx, tag: v1, digest: '" + a + "', pullPolicy: Always}\n", "values.yaml");
  EXPECT_EQ(to_do(seen.findings.at(0)), "write pullPolicy: IfNotPresent");
  // The chart's own default is not known.
  EXPECT_THAT(findings_in("a: {repository: nginx, tag: v1, digest: '" + a + "'}\n", "values.yaml"), IsEmpty());
}

TEST_F(RuleFindings, NamespacesAreTheObjectsOrTheOption) {
  auto r = demand_rule("d", requirement::digest, action::deny);
  r.about.namespaces = {"shop"};
  use({r});
  EXPECT_THAT(findings_in(pod("nginx:1")), ElementsAre("warning unpinned"));
  question_.ns = "shop";
  EXPECT_THAT(findings_in(pod("nginx:1")), ElementsAre("error d"));
}

TEST_F(RuleFindings, TheOperatorsWordsReplaceOurs) {
  auto r = demand_rule("d", requirement::digest, action::warn);
  r.message = "ask platform@example.com.";
  use({r});
  EXPECT_EQ(check(pod("nginx:1")).findings.at(0).message, "\"nginx:1\": ask platform@example.com");
  EXPECT_EQ(checks_.table.back().reason, "Ask platform@example.com.");
}

TEST_F(RuleFindings, SkippedImagesBreakNoRule) {
  use({demand_rule("ours", requirement::registry, action::deny, {"ghcr.io"})});
  EXPECT_THAT(findings_in(pod("'{{ .Values.image }}'")), IsEmpty());
  EXPECT_THAT(findings_in("services: {web: {image: a/b:1, build: .}}\n", "compose.yaml"), IsEmpty());
  EXPECT_THAT(findings_in(pod("Nginx:1")), ElementsAre("error invalid"));
}

TEST(FileChecks, HoldARowForEachRuleThatDemandsSomething) {
  auto first = demand_rule("own-registries", requirement::registry, action::deny, {"ghcr.io"});
  first.demands.push_back({requirement::tag, {}});
  first.line = 12;
  first.about.namespaces = {"y"};
  auto free = demand_rule("free", requirement::digest, action::allow);
  free.about.namespaces = {"y"};
  auto preset = rules::rule{};
  preset.preset = "recommended";
  preset.about.namespaces = {"x"};
  const auto checks = checks_with(made_rules({never_rule("left", {"**/x"}), first, free, preset}), "pinhook.yaml");
  std::vector<std::string> ids;
  for (std::size_t i = built_in_rules().size(); i < checks.table.size(); ++i) ids.push_back(checks.table[i].id);
  EXPECT_THAT(ids, ElementsAre("own-registries", "recommended/tag", "recommended/not-latest"));
  const auto& row = checks.table[built_in_rules().size()];
  EXPECT_EQ(row.level, severity::error);
  EXPECT_EQ(row.title, "own-registries: Registry that is not allowed; Neither tag nor digest");
  EXPECT_THAT(row.reason,
              AllOf(HasSubstr("The images of that registry are not reviewed"), HasSubstr(". Without a tag")));
  EXPECT_THAT(row.help, ::testing::EndsWith("\n\nRule `own-registries` of pinhook.yaml, line 12."));
  ASSERT_EQ(checks.rows.size(), checks.set.rules().size());
  for (std::size_t i = 0; i < checks.rows.size(); ++i)
    if (checks.rows[i] != file_checks::no_row) {
      EXPECT_EQ(checks.table[checks.rows[i]].id, checks.set.rules()[i].name);
    }
}

TEST(FileChecks, WithoutRulesAreOurs) {
  EXPECT_EQ(own_checks().first_own, 0U);
  EXPECT_EQ(own_checks().table.size(), built_in_rules().size());
  ASSERT_EQ(own_checks().rows.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(own_checks().table[own_checks().rows[i]].level, severity_of(own_checks().set.rules()[i].action));
}

// Nothing is looked up for a file: what a rule demands of signatures is neither met nor broken.
TEST_F(RuleFindings, DemandsOnSignaturesAreUnchecked) {
  rules::rule own = made_rule("own-builds", {"docker.io/**"});
  own.demands.push_back({.requirement = requirement::signed_by, .verifiers = {{"acme"}}});
  own.action = action::deny;
  own.message = "have CI sign it";
  use({own});
  const auto seen = check(pod("nginx@" + a));
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].level, severity::note) << "it makes no exit code";
  EXPECT_EQ(seen.findings[0].rule, "own-builds");
  EXPECT_EQ(seen.findings[0].message,
            "\"nginx@" + a + "\": not checked whether it is signed: signatures are not looked up here");
  EXPECT_EQ(seen.findings[0].rule_message, "");
  EXPECT_EQ(to_do(seen.findings[0]), "run pinhook verify nginx@" + a);
  EXPECT_THAT(findings_in(pod("quay.io/x@" + a)), IsEmpty());
  own.action = action::allow;
  use({own});
  EXPECT_THAT(findings_in(pod("nginx@" + a)), IsEmpty());
}

}  // namespace
}  // namespace pinhook::pipeline
