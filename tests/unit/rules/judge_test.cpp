#include <pinhook/rules/judge.hpp>

#include <pinhook/rules/read_rules.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

rule_set rules_of(std::string_view yaml) {
  const auto root = yaml::parse(yaml);
  EXPECT_TRUE(root) << (root ? "" : root.error().message);
  auto set = read_rules(*root);
  EXPECT_TRUE(set) << (set ? "" : set.error().message);
  return *set;
}

struct scene {
  std::string image;
  bool has_digest = false;
  std::optional<std::string_view> pull_policy = {};
  std::string_view pinned = {};
  bool is_volume = false;
};

std::vector<finding> judged(const rule_set& set, const scene& s) {
  const auto ref = registry::reference::parse(s.image);
  EXPECT_TRUE(ref) << s.image;
  const subject where{&*ref, "shop", "apps", "Deployment", "web", pin::container_type::container};
  return judge(set, set.effects_of(where), {&*ref, s.has_digest, s.pull_policy, s.pinned, s.is_volume});
}

// "rule/requirement/action" of each.
std::vector<std::string> names(const rule_set& set, const std::vector<finding>& all) {
  std::vector<std::string> out;
  for (const auto& f : all)
    out.push_back(set.rules()[f.rule].name + '/' + std::string(to_string(f.requirement)) + '/' +
                  std::string(to_string(f.action)));
  return out;
}

const std::string hex(64, 'a');
const std::string by_digest = "nginx@sha256:" + hex;

TEST(Judge, SaysNothingWithoutRules) { EXPECT_THAT(judged(rule_set(), {"nginx"}), IsEmpty()); }

TEST(Judge, KnowsWhenEachDemandIsMet) {
  struct row {
    std::string require;
    scene image;
    bool is_met;
  };
  const std::vector<row> rows{
      {"tag", {"nginx"}, false},
      {"tag", {"nginx:1.25"}, true},
      {"tag", {by_digest}, true},
      {"tag", {"nginx", true}, false},  // the written text counts, not the pinned one
      {"not-latest", {"nginx"}, false},
      {"not-latest", {"nginx:latest"}, false},
      {"not-latest", {"nginx:latest", true}, false},
      {"not-latest", {"nginx:1.25"}, true},
      {"not-latest", {"nginx:latest@sha256:" + hex}, true},
      {"not-latest", {by_digest}, true},
      {"digest", {"nginx:1.25"}, false},
      {"digest", {"nginx:1.25", true}, true},
      {"digest", {by_digest}, true},
      {"{registry: docker.io}", {"nginx"}, true},
      {"{registry: docker.io}", {"quay.io/x"}, false},
      {"{registry: ['*.example.com']}", {"a.example.com/x:1"}, true},
      {"{registry: ['*.example.com']}", {"example.com/x:1"}, false},
      {"{registry: ['*.example.com']}", {"a.example.com:5000/x:1"}, false},
      {"{registry: ['localhost:5000']}", {"localhost:5000/x"}, true},
      {"{registry: ['localhost:5000']}", {"localhost:5001/x"}, false},
      {"{registry: ['ghcr.io/acme/**']}", {"ghcr.io/acme/a/b:1"}, true},
      {"{registry: ['ghcr.io/acme/**']}", {"ghcr.io/acme-evil/a:1"}, false},
      {"{registry: ['ghcr.io/acme/*']}", {"ghcr.io/acme/a/b"}, false},
      {"{registry: ['docker.io/library/*']}", {"nginx:1.25"}, true},
      {"{registry: ['docker.io/library/*']}", {"bitnami/nginx"}, false},
      {"{registry: [quay.io, docker.io]}", {"nginx"}, true},
      {"{pull-policy: IfNotPresent}", {"nginx", false, "IfNotPresent"}, true},
      {"{pull-policy: IfNotPresent}", {"nginx", false, "Always"}, false},
      {"{pull-policy: [IfNotPresent, Never]}", {"nginx", false, "Never"}, true},
      {"{pull-policy: IfNotPresent}", {"nginx", false, std::nullopt}, true},
  };
  for (const row& r : rows) {
    const auto set = rules_of("[{name: x, require: " + r.require + ", action: deny}]");
    EXPECT_EQ(judged(set, r.image).empty(), r.is_met) << r.require << " of " << r.image.image;
  }
}

TEST(Judge, TellsTheMostSevereOfWhatOneLineMends) {
  const auto later = rules_of(
      "[{name: a, require: tag, action: warn}, {name: b, require: not-latest, action: audit},"
      " {name: c, require: digest, action: deny}]");
  EXPECT_THAT(names(later, judged(later, {"nginx"})), ElementsAre("c/digest/deny"));
  EXPECT_THAT(names(later, judged(later, {"nginx", true})), ElementsAre("a/tag/warn"));
  EXPECT_THAT(names(later, judged(later, {"nginx:latest", true})), ElementsAre("b/not-latest/audit"));
  const auto equal = rules_of("[{preset: strict}]");
  EXPECT_THAT(names(equal, judged(equal, {"nginx"})), ElementsAre("strict/tag/tag/deny"));
  EXPECT_THAT(names(equal, judged(equal, {"nginx:latest"})), ElementsAre("strict/not-latest/not-latest/deny"));
}

TEST(Judge, TellsRegistryAndPullPolicyApart) {
  const auto set =
      rules_of("[{name: all, require: [digest, {registry: quay.io}, {pull-policy: Never}], action: warn}]");
  EXPECT_THAT(names(set, judged(set, {"nginx", false, "Always"})),
              ElementsAre("all/digest/warn", "all/registry/warn", "all/pull-policy/warn"));
}

TEST(Judge, KnowsARegistryHoweverItIsSpelt) {
  const auto set = rules_of("[{name: x, require: {registry: [quay.io, ghcr.io/acme/**]}, action: deny}]");
  for (const char* image : {"QUAY.io/a:1", "quay.io:443/a/b", "GHCR.io/acme/api"})
    EXPECT_THAT(judged(set, {image}), IsEmpty()) << image;
  EXPECT_EQ(judged(set, {"GHCR.io/other/api"}).size(), 1U);
}

TEST(Judge, KnowsWhatIsDeniedForItsRegistry) {
  const auto denies = [](std::string_view yaml, const std::string& image) {
    const rule_set set = rules_of(yaml);
    const auto ref = registry::reference::parse(image);
    return denies_registry(set, set.effects_of({&*ref, "shop", "apps", "Deployment", "web"}), *ref);
  };
  const std::string_view own = "[{name: own, require: {registry: [ghcr.io, 'quay.io/acme/**']}, action: deny}]";
  EXPECT_TRUE(denies(own, "nginx"));
  EXPECT_TRUE(denies(own, "quay.io/other/a@sha256:" + hex));
  EXPECT_FALSE(denies(own, "quay.io/acme/a:1"));
  EXPECT_FALSE(denies(own, "GHCR.io:443/a:1"));
  EXPECT_FALSE(denies("[]", "nginx"));
  EXPECT_FALSE(denies("[{name: own, require: {registry: [ghcr.io]}, action: warn}]", "nginx"));
  EXPECT_FALSE(denies("[{name: own, require: {registry: [ghcr.io]}, action: allow}]", "nginx"));
  EXPECT_FALSE(denies("[{name: tags, require: [tag, not-latest, digest], action: deny}]", "nginx"));
  EXPECT_FALSE(denies("[{name: there, namespaces: [other], require: {registry: [ghcr.io]}, action: deny}]", "nginx"));
}

TEST(Judge, AllowIsNoFinding) {
  const auto set = rules_of(
      "[{name: old, images: docker.io/library/nginx, require: tag, action: allow},"
      " {name: all, require: tag, action: deny}]");
  EXPECT_THAT(judged(set, {"nginx"}), IsEmpty());
  EXPECT_THAT(names(set, judged(set, {"redis"})), ElementsAre("all/tag/deny"));
}

TEST(Judge, SaysWhatToWrite) {
  struct row {
    std::string require;
    scene image;
    fix_kind kind;
    std::string fix;
  };
  const std::vector<row> rows{
      {"tag", {"nginx"}, fix_kind::command, "pinhook resolve nginx"},
      {"digest", {"nginx:1.25"}, fix_kind::command, "pinhook resolve nginx:1.25"},
      {"not-latest", {"nginx:latest", true, {}, by_digest}, fix_kind::text, "image: " + by_digest},
      {"tag", {"nginx", false, {}, by_digest, true}, fix_kind::text, "reference: " + by_digest},
      {"{pull-policy: [IfNotPresent, Never]}",
       {"nginx", false, "Always"},
       fix_kind::text,
       "imagePullPolicy: IfNotPresent"},
      {"{pull-policy: Never}", {"nginx", false, "Always", {}, true}, fix_kind::text, "pullPolicy: Never"},
      {"{registry: quay.io}", {"nginx"}, fix_kind::advice, "take it from quay.io"},
      {"{registry: [quay.io, 'ghcr.io/acme/**']}",
       {"nginx"},
       fix_kind::advice,
       "take it from quay.io or ghcr.io/acme/**"},
      {"{registry: [a.io, b.io, c.io]}", {"nginx"}, fix_kind::advice, "take it from a.io, b.io or c.io"},
      {"{registry: [a.io, b.io, c.io, d.io, e.io]}",
       {"nginx"},
       fix_kind::advice,
       "take it from one of a.io, b.io, c.io and 2 more"},
  };
  for (const row& r : rows) {
    const auto set = rules_of("[{name: x, require: " + r.require + ", action: deny}]");
    const auto all = judged(set, r.image);
    ASSERT_EQ(all.size(), 1U) << r.require;
    EXPECT_EQ(all[0].kind, r.kind) << r.require;
    EXPECT_EQ(all[0].fix, r.fix);
  }
}

TEST(Judge, GivesTheOperatorsWordsBeforeOurs) {
  const auto own = rules_of("[{name: x, require: tag, action: deny, message: 'ask platform@example.com. '}]");
  EXPECT_EQ(judged(own, {"nginx"}).at(0).reason, "ask platform@example.com");
  const auto ours = rules_of("[{name: x, require: tag, action: deny}]");
  EXPECT_EQ(judged(ours, {"nginx"}).at(0).reason, text_of(requirement::tag).reason);
}

TEST(Judge, TextsFitIntoWarnings) {
  for (std::size_t i = 0; i < requirement_count; ++i) {
    const auto& text = text_of(static_cast<requirement>(i));
    EXPECT_LE(text.reason.size(), 80U) << text.reason;
    EXPECT_FALSE(text.reason.empty());
    EXPECT_NE(text.reason.back(), '.');
    EXPECT_FALSE(text.title.empty());
    EXPECT_GT(text.help.size(), text.reason.size());
  }
}

TEST(Judge, KnowsTheDefaultPullPolicy) {
  const std::vector<std::pair<std::string, std::string_view>> rows{{"nginx", "Always"},
                                                                   {"nginx:latest", "Always"},
                                                                   {"nginx:latest@sha256:" + hex, "Always"},
                                                                   {"nginx:1.25", "IfNotPresent"},
                                                                   {by_digest, "IfNotPresent"},
                                                                   {"latest:v1", "IfNotPresent"}};
  for (const auto& [image, policy] : rows)
    EXPECT_EQ(default_pull_policy(*registry::reference::parse(image)), policy) << image;
}

TEST(Judge, AsksTheVerifiersOfTheRulesThatDecide) {
  const auto set = rules_of(
      "[{name: a, require: {signed: [acme, [b, c]]}, action: warn}, {name: b, require: {attested: {type: t, by: acme}},"
      " action: deny}, {name: c, images: 'quay.io/**', require: [{registry: quay.io}], action: deny}]");
  const auto ref = registry::reference::parse("nginx:1");
  const subject where{&*ref, "shop", "apps", "Deployment", "web", pin::container_type::container};
  const effects e = set.effects_of(where);
  EXPECT_THAT(questions_of(set, e), ElementsAre(proof_question{"acme"}, proof_question{"b"}, proof_question{"c"},
                                                proof_question{"acme", "t"}));
  EXPECT_EQ(action_on_proofs(set, e), action::deny);
  EXPECT_EQ(action_on_proofs(rule_set(), effects()), action::allow);
  const auto allowed = rules_of("[{name: a, require: {signed: x}, action: allow}]");
  EXPECT_THAT(questions_of(allowed, allowed.effects_of(where)), IsEmpty());
}

// An image whose proofs are left, and of which nothing else is demanded, need not be judged.
TEST(Judge, FindsNothingWhereOnlyProofsAreDemandedAndLeft) {
  const auto set = rules_of(
      "[{name: own, require: {signed: acme}, action: deny}, {name: built, require: {attested: {type: t, by: acme}}, "
      "action: warn}, {name: old, require: [not-latest, digest], action: deny}]");
  const auto ref = registry::reference::parse("nginx");
  image_state image;
  image.ref = &*ref;
  image.leaves_proofs = true;
  std::size_t left = 0, found = 0;
  // Each demand with each rule, and with none.
  for (std::uint32_t bits = 0; bits < 1U << (2 * requirement_count); ++bits) {
    effects e;
    bool is_possible = true;
    for (std::size_t i = 0; i < requirement_count; ++i) {
      const std::uint32_t rule = bits >> (2 * i) & 3U;
      if (rule < set.rules().size()) e.demands[i] = rule;
      is_possible &= rule == 3 || std::ranges::any_of(set.rules()[rule].demands, [&](const demand& d) {
                       return d.requirement == static_cast<requirement>(i);
                     });
    }
    if (!is_possible) continue;
    const bool is_empty = judge(set, e, image).empty();
    if (demands_only_proofs(e)) {
      ++left;
      EXPECT_TRUE(is_empty) << bits;
    }
    found += is_empty ? 0 : 1;
  }
  EXPECT_EQ(left, 4U);
  EXPECT_EQ(found, 12U) << "with each of the other demands, or both";
}

TEST(Judge, TellsWhatVerifiersSaid) {
  const auto set = rules_of("[{name: own, require: {signed: acme}, action: deny, message: ask CI to sign it}]");
  const auto plain = rules_of("[{name: own, require: {signed: acme}, action: deny}]");
  const auto ref = registry::reference::parse("nginx:1");
  const subject where{&*ref, "shop", "apps", "Deployment", "web", pin::container_type::container};
  const auto judged_with = [&](const rule_set& rules, const proofs* answers, bool leaves = false) {
    image_state image;
    image.ref = &*ref;
    image.proofs = answers;
    image.leaves_proofs = leaves;
    return judge(rules, rules.effects_of(where), image);
  };
  const proofs accepted{{{"acme"}, proof{.is_given = true}}};
  EXPECT_THAT(judged_with(set, &accepted), IsEmpty());
  EXPECT_THAT(judged_with(set, nullptr, true), IsEmpty());
  const proofs refused{{{"acme"}, proof{false, 1, {"key sha256:ab: it was not made by the key"}}}};
  auto found = judged_with(set, &refused);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].reason, "ask CI to sign it (not signed by acme: 1 signature was found, which does not count)");
  EXPECT_THAT(found[0].lines, ElementsAre("acme: key sha256:ab: it was not made by the key"));
  EXPECT_EQ(found[0].fix, "pinhook verify nginx:1");
  EXPECT_FALSE(found[0].failure);
  EXPECT_EQ(judged_with(plain, &refused)[0].reason, "not signed by acme: 1 signature was found, which does not count");
  const proofs failed{{{"acme"}, fail(error_code::unavailable, "registry a.test did not answer")}};
  found = judged_with(set, &failed);
  ASSERT_EQ(found.size(), 1U);
  ASSERT_TRUE(found[0].failure);
  EXPECT_EQ(found[0].failure->code, error_code::unavailable);
  EXPECT_EQ(found[0].reason, "registry a.test did not answer");
  found = judged_with(set, nullptr);
  ASSERT_EQ(found.size(), 1U);
  ASSERT_TRUE(found[0].failure);
  EXPECT_EQ(found[0].reason, "not checked whether it is signed: signatures are not looked up here");
}

TEST(VersionTag, NamesOneRelease) {
  for (const std::string tag : {"1.4.2", "v1.4.2", "1.4.2-alpine", "1.4.2_1", "2024.10.1", "1.2.3.4", "10.20.30+b"})
    EXPECT_TRUE(is_version_tag(tag)) << tag;
  for (const std::string tag :
       {"", "1", "1.4", "latest", "v2", "1.4.x", "1..2", "stable-1.4.2", "1.4.2rc1", "20240101"})
    EXPECT_FALSE(is_version_tag(tag)) << tag;
}

// What is not known is unchecked; other tags may move.
TEST(Judge, FindsVersionTagsThatMoved) {
  const auto root = yaml::parse("[{name: stay, require: {unmoved: version-tags}, action: deny}]");
  const auto set = read_rules(*root);
  ASSERT_TRUE(set) << set.error().message;
  struct row {
    const char* image;
    const char* tag;
    std::optional<bool> is_moved;
    const char* reason;
  };
  const std::string moved = "a tag that names one release got other bytes, which may not be its authors'";
  const row rows[] = {
      {"nginx:1.4.2", "", true, moved.c_str()},
      {"nginx:1.4.2", "", false, ""},
      {"nginx:1.4.2", "", {}, "not checked whether its tag moved: it is a test"},
      {"nginx:1.4", "", true, ""},
      {"nginx:1.4", "", {}, ""},
      {"nginx", "", {}, ""},
      {by_digest.c_str(), "", {}, ""},
      {by_digest.c_str(), "1.4.2", true, moved.c_str()},
  };
  for (const row& one : rows) {
    const auto ref = registry::reference::parse(one.image).value();
    image_state image;
    image.ref = &ref;
    image.tag = one.tag;
    image.is_moved = one.is_moved;
    image.moves_unknown = "it is a test";
    const auto found = judge(*set, set->effects_of({.ref = &ref}), image);
    EXPECT_EQ(found.empty() ? "" : found[0].reason, one.reason) << one.image;
    if (found.empty()) continue;
    EXPECT_EQ(found[0].failure.has_value(), !one.is_moved.has_value());
  }
}

}  // namespace
}  // namespace pinhook::rules
