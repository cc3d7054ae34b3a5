#include <pinhook/rules/rule_set.hpp>

#include "support/random_patterns.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pinhook::rules {
namespace {

using testing::dice;
using testing::pattern_of;
using testing::ref_of;

constexpr std::uint32_t none = effects::none;

/// A rule on images, with a line as if each were alone in it.
rule rule_on(std::string name, const std::vector<std::string>& images, std::size_t line = 0) {
  rule out;
  out.name = std::move(name);
  for (const std::string& i : images) out.about.images.push_back(pattern_of(i));
  out.line = line;
  out.column = line == 0 ? 0 : 3;
  return out;
}

rule pin_rule(std::string name, const std::vector<std::string>& images, pin::pin_order order = pin::pin_order::never) {
  rule out = rule_on(std::move(name), images);
  out.pin = order;
  return out;
}

rule preset(std::string name, std::size_t line) {
  rule out;
  out.preset = std::move(name);
  out.line = line;
  out.column = 5;
  return out;
}

rule_set set_of(std::vector<rule> rules) {
  auto made = rule_set::make(std::move(rules));
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return made.value();
}

TEST(RuleSet, IsEmptyAtFirst) {
  const auto ref = ref_of("nginx");
  EXPECT_TRUE(rule_set().is_empty());
  EXPECT_EQ(rule_set().effects_of({&ref}), effects());
  EXPECT_EQ(rule_set().order_of(subject{&ref}), pin::slot_order());
  EXPECT_TRUE(rule_set().matching(ref).empty());
}

TEST(RuleSet, KnowsTheEffectsThatEveryImageHas) {
  const auto everywhere = set_of({pin_rule("all", {})});
  ASSERT_NE(everywhere.effects_of_all(), nullptr);
  EXPECT_EQ(everywhere.effects_of_all()->pin, 0U);
  EXPECT_EQ(set_of({pin_rule("some", {"quay.io/**"})}).effects_of_all(), nullptr);
  EXPECT_EQ(set_of({pin_rule("some", {"quay.io/**"}), pin_rule("all", {})}).effects_of_all(), nullptr);
}

TEST(RuleSet, TakesTheFirstRuleThatMatchesForEachEffect) {
  rule both = pin_rule("both", {"docker.io/**"}, pin::pin_order::keep);
  both.format = pin::pin_format::tag_and_digest;
  rule pulls = rule_on("pulls", {});
  pulls.pull_policy = pin::pull_policy_order::if_not_present;
  const auto set = set_of({pin_rule("nginx", {"**/nginx"}), both, pulls});
  const auto nginx = ref_of("nginx"), redis = ref_of("redis"), api = ref_of("ghcr.io/acme/api");
  EXPECT_EQ(set.effects_of({&nginx}), (effects{0, 1, 2}));
  EXPECT_EQ(set.effects_of({&redis}), (effects{1, 1, 2}));
  EXPECT_EQ(set.effects_of({&api}), (effects{none, none, 2}));
  EXPECT_EQ(set.order_of(subject{&nginx}), (pin::slot_order{pin::pin_order::never, pin::pin_format::tag_and_digest,
                                                            pin::pull_policy_order::if_not_present}));
}

TEST(RuleSet, AllowDecidesToo) {
  rule allow = rule_on("old", {"**/old"});
  allow.demands = {{requirement::tag, {}}};
  rule deny = rule_on("tags", {});
  deny.demands = {{requirement::tag, {}}, {requirement::digest, {}}};
  deny.action = action::deny;
  const auto set = set_of({allow, deny});
  const auto old = ref_of("ghcr.io/old");
  EXPECT_EQ(set.effects_of({&old}).demands,
            (std::array<std::uint32_t, requirement_count>{0, none, 1, none, none, none, none, none}));
}

TEST(RuleSet, LooksAtWhereAnImageStands) {
  rule r = rule_on("here", {});
  r.pin = pin::pin_order::never;
  r.about.namespaces = {"shop", "team-*"};
  r.about.kinds = {"Deployment", "batch/*", "core/Pod"};
  r.about.containers = {"web*"};
  r.about.types = {pin::container_type::container, pin::container_type::other};
  const auto set = set_of({r});
  const auto ref = ref_of("nginx");
  const auto is_matched = [&](const subject& s) { return set.effects_of(s).pin == 0; };
  constexpr auto container = pin::container_type::container;
  EXPECT_TRUE(is_matched({&ref, "shop", "apps", "Deployment", "web", container}));
  EXPECT_TRUE(is_matched({&ref, "team-a", "batch", "Job", "web-1", container}));
  EXPECT_TRUE(is_matched({&ref, "shop", "", "Pod", "web", pin::container_type::other}));
  EXPECT_FALSE(is_matched({&ref, "other", "apps", "Deployment", "web", container}));
  EXPECT_FALSE(is_matched({&ref, std::nullopt, "apps", "Deployment", "web", container}));
  EXPECT_FALSE(is_matched({&ref, "shop", "apps", "StatefulSet", "web", container}));
  EXPECT_FALSE(is_matched({&ref, "shop", "metrics.k8s.io", "Pod", "web", container}));
  EXPECT_FALSE(is_matched({&ref, "shop", "", "", "web", container}));
  EXPECT_FALSE(is_matched({&ref, "shop", "apps", "Deployment", "db", container}));
  EXPECT_FALSE(is_matched({&ref, "shop", "apps", "Deployment", "", container}));
  EXPECT_FALSE(is_matched({&ref, "shop", "apps", "Deployment", "web", pin::container_type::init_container}));
}

TEST(RuleSet, IsNotGotRoundByAnotherSpelling) {
  const auto set = set_of({pin_rule("a", {"quay.io/**"})});
  for (const std::string_view written : {"quay.io/a", "QUAY.io/a:1", "quay.io:443/a", "Quay.io:0443/b/c"}) {
    const auto ref = ref_of(written);
    EXPECT_EQ(set.effects_of({&ref, "shop"}).pin, 0U) << written;
    EXPECT_EQ(set.matching(ref).size(), 1U) << written;
  }
}

TEST(RuleSet, PutsAPresetsRulesInItsPlace) {
  rule strict = preset("strict", 4);
  strict.about.namespaces = {"prod"};
  const auto set = set_of({pin_rule("a", {"**/a"}), strict, preset("recommended", 6)});
  ASSERT_EQ(set.rules().size(), 6U);
  EXPECT_EQ(set.written().size(), 3U);
  EXPECT_EQ(set.rules()[1].name, "strict/tag");
  EXPECT_EQ(set.rules()[1].line, 4U);
  const auto ref = ref_of("a.io/b");
  EXPECT_EQ(set.effects_of({&ref, "prod"}).demands[0], 1U);
  EXPECT_EQ(set.effects_of({&ref, "test"}).demands[0], 4U);
}

TEST(RuleSet, MayHoldAPresetTwice) {
  rule here = preset("strict", 1), there = preset("strict", 2);
  here.about.namespaces = {"a"};
  there.about.namespaces = {"b"};
  EXPECT_EQ(set_of({here, there}).rules().size(), 6U);
}

TEST(RuleSet, NamesRulesWhoseImagesMatch) {
  rule here = rule_on("here", {"docker.io/library/*", "docker.io/library/ng*"});
  here.pin = pin::pin_order::keep;
  here.about.namespaces = {"shop"};
  rule any = rule_on("any", {});
  any.pin = pin::pin_order::refresh;
  const auto set = set_of({here, pin_rule("redis", {"**/redis"}), any});
  EXPECT_EQ(set.matching(ref_of("nginx")), (std::vector<std::uint32_t>{0, 2}));
}

TEST(RuleSet, IsFollowedByOthers) {
  rule own = rule_on("own", {"**/a"});
  own.demands = {{requirement::tag, {}}};
  const auto set = set_of({own});
  rule behind = rule_on("no-tag", {});
  behind.demands = {{requirement::tag, {}}};
  // The second can never apply, which is no problem here.
  const auto longer = set.followed_by({behind, behind});
  const auto a = ref_of("x.io/a"), b = ref_of("x.io/b");
  EXPECT_EQ(longer.effects_of({&a}).demands[0], 0U);
  EXPECT_EQ(longer.effects_of({&b}).demands[0], 1U);
  EXPECT_EQ(longer.rules().size(), 3U);
  EXPECT_EQ(longer.written().size(), 1U);
  EXPECT_EQ(set.rules().size(), 1U);
}

std::string problem_of(std::vector<rule> rules) {
  const auto made = rule_set::make(std::move(rules));
  return made ? "" : fmt::format("{}:{}: {}", made.error().line, made.error().column, made.error().message);
}

TEST(RuleSet, RefusesANameThatStandsTwice) {
  rule a = pin_rule("a", {"**/a"}), again = pin_rule("a", {"**/b"});
  a.line = 2, again.line = 7, again.column = 3;
  EXPECT_EQ(problem_of({a, again}), "7:3: rule \"a\": a rule before it (line 2) has this name, too; give each its own");
  a.line = 0;
  EXPECT_EQ(problem_of({a, again}), "7:3: rule \"a\": a rule before it has this name, too; give each its own");
}

TEST(RuleSet, RefusesAPresetThatItDoesNotKnow) {
  EXPECT_EQ(problem_of({preset("loose", 3)}), "3:5: preset \"loose\" not found; there are recommended and strict");
}

TEST(RuleSet, RefusesARequirementTwiceInOneRule) {
  rule r = rule_on("r", {}, 2);
  r.demands = {{requirement::registry, {"a.io"}}, {requirement::registry, {"b.io"}}};
  EXPECT_EQ(problem_of({r}), "2:3: rule \"r\" requires registry twice; make one of the two, or two rules");
}

TEST(RuleSet, RefusesTooMany) {
  std::vector<rule> rules;
  for (std::size_t i = 0; i < max_rules; ++i)
    rules.push_back(pin_rule(fmt::format("r{}", i), {fmt::format("a.io/r{}", i)}));
  EXPECT_EQ(problem_of(rules), "");
  rules.push_back(pin_rule("more", {"b.io/x"}));
  EXPECT_EQ(problem_of(rules), "0:0: there are more than 5000 rules; put images of the same rule into one list");
}

}  // namespace
}  // namespace pinhook::rules
