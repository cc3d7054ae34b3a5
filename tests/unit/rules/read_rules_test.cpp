#include <pinhook/rules/read_rules.hpp>

#include <pinhook/rules/rule_values.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

std::expected<rule_set, rule_problem> read(std::string_view yaml) {
  const auto root = yaml::parse(yaml);
  EXPECT_TRUE(root) << (root ? "" : root.error().message);
  return read_rules(*root);
}

rule_set good(std::string_view yaml) {
  auto set = read(yaml);
  EXPECT_TRUE(set) << (set ? "" : set.error().message);
  return set ? *set : rule_set();
}

// "2:5: rules[0] (x): …", or empty.
std::string problem_of(std::string_view yaml) {
  const auto set = read(yaml);
  return set ? "" : fmt::format("{}:{}: {}", set.error().line, set.error().column, set.error().message);
}

TEST(ReadRules, ReadsEveryKey) {
  const auto set = good(R"(
- name: sidecars
  images: ["**/istio/proxyv2", "docker.io/**"]
  namespaces: [shop, "team-*"]
  kinds: [Deployment, apps/StatefulSet, core/Pod, argoproj.io/*]
  containers: web
  types: [container, init-container, ephemeral-container, volume, field]
  pin: refresh
  format: tag-and-digest
  pullPolicy: if-not-present
  require: [tag, not-latest, digest, {registry: [docker.io, "ghcr.io/acme/**"]}, {pull-policy: [Never]}]
  action: deny
  message: ask platform@example.com
)");
  ASSERT_EQ(set.rules().size(), 1U);
  const rule& r = set.rules()[0];
  EXPECT_EQ(r.name, "sidecars");
  ASSERT_EQ(r.about.images.size(), 2U);
  EXPECT_EQ(r.about.images[1].text(), "docker.io/**");
  EXPECT_THAT(r.about.namespaces, ElementsAre("shop", "team-*"));
  EXPECT_THAT(r.about.kinds, ElementsAre("Deployment", "apps/StatefulSet", "core/Pod", "argoproj.io/*"));
  EXPECT_THAT(r.about.containers, ElementsAre("web"));
  EXPECT_THAT(r.about.types, ElementsAre(pin::container_type::container, pin::container_type::init_container,
                                         pin::container_type::ephemeral_container, pin::container_type::image_volume,
                                         pin::container_type::other));
  EXPECT_EQ(r.pin, pin::pin_order::refresh);
  EXPECT_EQ(r.format, pin::pin_format::tag_and_digest);
  EXPECT_EQ(r.pull_policy, pin::pull_policy_order::if_not_present);
  EXPECT_THAT(r.demands, ElementsAre(demand{requirement::tag, {}}, demand{requirement::not_latest, {}},
                                     demand{requirement::digest, {}},
                                     demand{requirement::registry, {"docker.io", "ghcr.io/acme/**"}},
                                     demand{requirement::pull_policy, {"Never"}}));
  EXPECT_EQ(r.action, action::deny);
  EXPECT_EQ(r.message, "ask platform@example.com");
  EXPECT_EQ(r.line, 2U);
  EXPECT_EQ(r.column, 3U);
}

TEST(ReadRules, ListsMayBeOneText) {
  const auto set = good(
      "[{name: x, images: docker.io/**, namespaces: a, kinds: Job, containers: b, types: volume,"
      " require: {registry: quay.io, pull-policy: Never}, action: audit}]");
  const rule& r = set.rules()[0];
  EXPECT_EQ(r.about.images.size(), 1U);
  EXPECT_THAT(r.about.namespaces, ElementsAre("a"));
  EXPECT_THAT(r.about.kinds, ElementsAre("Job"));
  EXPECT_THAT(r.about.types, ElementsAre(pin::container_type::image_volume));
  EXPECT_THAT(r.demands,
              ElementsAre(demand{requirement::registry, {"quay.io"}}, demand{requirement::pull_policy, {"Never"}}));
}

TEST(ReadRules, ReadsPresetsWithConditions) {
  const auto set = good("[{preset: strict, namespaces: prod}, {preset: recommended}]");
  ASSERT_EQ(set.written().size(), 2U);
  EXPECT_EQ(set.written()[0].preset, "strict");
  EXPECT_THAT(set.written()[0].about.namespaces, ElementsAre("prod"));
  ASSERT_EQ(set.rules().size(), 5U);
  EXPECT_EQ(set.rules()[0].name, "strict/tag");
  EXPECT_EQ(set.rules()[4].name, "recommended/not-latest");
}

TEST(ReadRules, DemandsThatOutliveTagsAreNotOfTags) {
  EXPECT_EQ(problem_of("[{name: x, images: ['**/a', '*:latest'], require: {registry: quay.io}, action: deny}]"),
            "1:20: rules[0] (x): \"*:latest\" looks at the tag, which pinning changes, so registry would be demanded "
            "before and not after; name images without it here");
  EXPECT_THAT(problem_of("[{name: x, images: '*@sha256:*', require: [tag, {pull-policy: Never}], action: warn}]"),
              HasSubstr("looks at the digest, which pinning changes, so pull-policy would"));
  good("[{name: x, images: '*:latest', require: [tag, not-latest, digest], action: deny, pin: refresh}]");
}

TEST(ReadRules, NoRulesAreRules) { EXPECT_TRUE(good("[]").is_empty()); }

TEST(ReadRules, TakesEveryKindOfRegistry) {
  for (const char* value :
       {"docker.io", "localhost", "localhost:5000", "registry.example.com:5000", "\"*.example.com\"", "\"*:5000\"",
        "\"localhost:*\"", "\"registry*.example.com:*\"", "\"[::1]:5000\"", "\"ghcr*\"", "ghcr.io/acme/**",
        "\"*/library/nginx\"", "\"**/nginx\"", "localhost:5000/app/*", "10.1.2.3:5000"})
    EXPECT_EQ(problem_of(fmt::format("[{{name: x, require: {{registry: [{}]}}, action: deny}}]", value)), "") << value;
}

TEST(ReadRules, WantsRegistriesInTheirCommonSpelling) {
  EXPECT_EQ(problem_of("[{name: x, require: {registry: [QUAY.io:443]}, action: deny}]"),
            "1:33: rules[0] (x): require: registry: \"QUAY.io:443\" is compared by its common spelling; write quay.io");
}

TEST(ReadRules, CallsARuleWithoutANameByItsPlace) {
  const auto set = good(
      "[{name: a, images: docker.io/**, pin: never}, {images: quay.io/**, pin: keep}, {preset: recommended}, {pin: "
      "always}]");
  ASSERT_GE(set.rules().size(), 4U);
  EXPECT_EQ(set.rules()[0].name, "a");
  EXPECT_EQ(set.rules()[1].name, "rule-2");
  EXPECT_EQ(set.rules().back().name, "rule-4");
  EXPECT_EQ(problem_of("[{name: rule-2, pin: never, images: quay.io/a}, {pin: keep}]"),
            "1:49: rules[1]: rule \"rule-2\": a rule before it (line 1) has this name, too; give each its own");
}

TEST(ReadRules, PlacesEachProblem) {
  struct row {
    std::string yaml, problem;
  };
  const std::vector<row> rows{
      {"{}", "1:1: rules: want a list of rules, not a mapping"},
      {"- x", "1:3: rules[0]: want a rule, a mapping of {name: …, images: …, pin: …}, not a scalar"},
      {"- name: a\n  pinn: never", "2:3: rules[0] (a): \"pinn\" is not a key of a rule; did you mean pin?"},
      {"- pin: always\n- image: x", "2:3: rules[1]: \"image\" is not a key of a rule; did you mean images?"},
      {"- name: b\n  image: x", "2:3: rules[0] (b): \"image\" is not a key of a rule; did you mean images?"},
      {"- name: b\n  pull-policy: x",
       "2:3: rules[0] (b): \"pull-policy\" is not a key of a rule; did you mean pullPolicy?"},
      {"- name: b\n  quux: x",
       "2:3: rules[0] (b): \"quux\" is not a key of a rule; there are name, preset, images, namespaces, kinds, "
       "containers, "
       "types, pin, format, pullPolicy, cooldown, require, action, message"},
      {"- name: B\n  pin: never",
       "1:9: rules[0]: name: \"B\" is not a valid rule name: small letters, digits and - between them"},
      {"- name: latest\n  pin: never",
       "1:9: rules[0] (latest): name: latest is the name of a rule of `pinhook check` itself; take another"},
      {"- name: [a]\n  pin: never", "1:9: rules[0]: name: want a text, not a list"},
      {"- name:\n  pin: never", "1:3: rules[0]: name: the value is missing; write one, or leave the key out"},
      {"- name: a\n- name: b\n  pin: never",
       "1:3: rules[0] (a): it neither orders nor demands anything; give it pin, format, pullPolicy, cooldown or "
       "require"},
      {"- {name: a, pin: nevr}", "1:18: rules[0] (a): pin: \"nevr\" is not a valid order; did you mean never?"},
      {"- {name: a, pin: true}",
       "1:18: rules[0] (a): pin: \"true\" is not a valid order; there are always, never, keep, refresh"},
      {"- {name: a, format: tag}",
       "1:21: rules[0] (a): format: \"tag\" is not a valid format; there are digest, tag-and-digest"},
      {"- {name: a, pullPolicy: IfNotPresent}",
       "1:25: rules[0] (a): pullPolicy: \"IfNotPresent\" is not a valid order; there are if-not-present, as-written"},
      {"- {name: a, pin: never, images: []}",
       "1:33: rules[0] (a): images: the list is empty; name something, or leave the key out"},
      {"- {name: a, pin: never, images: [docker.io/**, '']}",
       "1:48: rules[0] (a): images: the value is missing; write one, or leave the key out"},
      {"- {name: a, pin: never, images: {a: b}}",
       "1:33: rules[0] (a): images: want a text or a list of texts, not a mapping"},
      {"- {name: a, pin: never, images: [[x]]}",
       "1:34: rules[0] (a): images: want a text or a list of texts, not a list"},
      {"- {name: a, pin: never, namespaces: [shop, Team-1]}",
       "1:44: rules[0] (a): namespaces: \"Team-1\" can match no name: they are in small letters; did you mean "
       "\"team-1\"?"},
      {"- {name: a, pin: never, containers: a_b}",
       "1:37: rules[0] (a): containers: \"a_b\" can match no name: they have small letters, digits and -; * matches "
       "any of them"},
      {"- {name: a, pin: never, containers: '-a*'}",
       "1:37: rules[0] (a): containers: \"-a*\" can match no name: none begins or ends with -"},
      {"- {name: a, pin: never, kinds: deployment}",
       "1:32: rules[0] (a): kinds: \"deployment\" is not a valid kind: they begin with a capital, as in Deployment"},
      {"- {name: a, pin: never, kinds: Daemonset}",
       "1:32: rules[0] (a): kinds: \"Daemonset\" can match no object; did you mean DaemonSet?"},
      {"- {name: a, pin: never, kinds: Pods}",
       "1:32: rules[0] (a): kinds: \"Pods\" can match no object; did you mean Pod?"},
      {"- {name: a, pin: never, kinds: Deploymnet}",
       "1:32: rules[0] (a): kinds: \"Deploymnet\" can match no object; did you mean Deployment?"},
      {"- {name: a, pin: never, kinds: batch/Deployment}",
       "1:32: rules[0] (a): kinds: \"batch/Deployment\" can match no object; did you mean apps/Deployment?"},
      {"- {name: a, pin: never, kinds: core/Cronjobs}",
       "1:32: rules[0] (a): kinds: \"core/Cronjobs\" can match no object; did you mean batch/CronJob?"},
      {"- {name: a, pin: never, kinds: argoproj.io/rollout}",
       "1:32: rules[0] (a): kinds: \"argoproj.io/rollout\" is not a valid kind: they begin with a capital, as in "
       "Deployment"},
      {"- {name: a, pin: never, kinds: argoproj.io/RollOut}",
       "1:32: rules[0] (a): kinds: \"argoproj.io/RollOut\" can match no object; did you mean argoproj.io/Rollout?"},
      {"- {name: a, pin: never, kinds: apps/v1/Deployment}",
       "1:32: rules[0] (a): kinds: \"apps/v1/Deployment\" is not a valid kind; write group and kind without a version, "
       "as in "
       "apps/Deployment"},
      {"- {name: a, pin: never, kinds: v1/Pod}",
       "1:32: rules[0] (a): kinds: \"v1\" is a version, not a group; the core group is core, as in core/Pod"},
      {"- {name: a, pin: never, kinds: '*'}", "1:32: rules[0] (a): kinds: \"*\" is every kind; leave kinds out"},
      {"- {name: a, pin: never, kinds: Apps/Pod}",
       "1:32: rules[0] (a): kinds: \"Apps\" is not a valid API group; write it as in apps, batch, argoproj.io; the "
       "core group "
       "is "
       "core"},
      {"- {name: a, pin: never, types: [containers]}",
       "1:33: rules[0] (a): types: \"containers\" is not a valid type; did you mean container?"},
      {"- {name: a, pin: never, format: digest}",
       "1:25: rules[0] (a): format with pin: never: an image that is never pinned has no format"},
      {"- {name: a, pin: never, pullPolicy: if-not-present}",
       "1:25: rules[0] (a): pullPolicy beside pin: never: it changes where an image is pinned, and nowhere else"},
      {"- {name: a, require: tag}", "1:13: rules[0] (a): require without action: say deny, warn, audit or allow"},
      {"- {name: a, action: deny}", "1:13: rules[0] (a): action without require: add the requirements"},
      {"- {name: a, pin: keep, message: hi}", "1:24: rules[0] (a): message without require: it would never be shown"},
      {"- {name: a, require: tag, action: dny}",
       "1:35: rules[0] (a): action: \"dny\" is not a valid action; did you mean deny?"},
      {"- {name: a, require: tags, action: deny}",
       "1:22: rules[0] (a): require: \"tags\" is not a valid requirement; did you mean tag?"},
      {"- {name: a, require: [], action: deny}",
       "1:22: rules[0] (a): require: the list is empty; demand something, or leave the key out"},
      {"- {name: a, require: {}, action: deny}",
       "1:22: rules[0] (a): require: nothing is demanded; write for example {registry: [docker.io, "
       "\"ghcr.io/acme/**\"]}"},
      {"- {name: a, require: [tag, tag], action: deny}", "1:28: rules[0] (a): require: tag is listed twice"},
      {"- {name: a, require: registry, action: deny}",
       "1:22: rules[0] (a): require: list the allowed ones: {registry: [docker.io, \"ghcr.io/acme/**\"]}"},
      {"- {name: a, require: pull-policy, action: deny}",
       "1:22: rules[0] (a): require: list the allowed ones: {pull-policy: [IfNotPresent, Never]}"},
      {"- {name: a, require: {tag: yes}, action: deny}",
       "1:23: rules[0] (a): require: tag has no values: write it as a text, not a mapping"},
      {"- {name: a, require: {registri: x}, action: deny}",
       "1:23: rules[0] (a): require: \"registri\" is not a valid requirement; did you mean registry?"},
      {"- {name: a, require: {registry: []}, action: deny}",
       "1:33: rules[0] (a): require: registry: the list is empty; name something, or leave the key out"},
      {"- {name: a, require: {registry: [nginx]}, action: deny}",
       "1:34: rules[0] (a): require: registry: \"nginx\" cannot be a registry; write it as in docker.io, "
       "*.example.com, "
       "localhost:5000, or with a path as in ghcr.io/acme/**"},
      {"- {name: a, require: {registry: index.docker.io}, action: deny}",
       "1:33: rules[0] (a): require: registry: \"index.docker.io\" is not the registry of any image; Docker Hub's is "
       "docker.io"},
      {"- {name: a, require: {registry: 'https://ghcr.io'}, action: deny}",
       "1:33: rules[0] (a): require: registry: \"https://ghcr.io\" is not a valid registry; write \"ghcr.io\""},
      {"- {name: a, require: {registry: 'exa_mple*'}, action: deny}",
       "1:33: rules[0] (a): require: registry: \"exa_mple*\" cannot be a registry; write it as in docker.io, "
       "*.example.com, localhost:5000, or with a path as in ghcr.io/acme/**"},
      {"- {name: a, require: {registry: 'ghcr.io/acme/api:v1'}, action: deny}",
       "1:33: rules[0] (a): require: registry: \"ghcr.io/acme/api:v1\" has a tag or digest; write registry and "
       "repository alone"},
      {"- {name: a, require: {registry: [docker.io, '*']}, action: deny}",
       "1:33: rules[0] (a): require: \"*\" allows every registry, so nothing is demanded"},
      {"- {name: a, require: {pull-policy: always}, action: deny}",
       "1:36: rules[0] (a): require: pull-policy: \"always\" is not a valid pull policy; did you mean Always?"},
      {"- {name: a, require: {pull-policy: [Always, IfNotPresent, Never]}, action: deny}",
       "1:36: rules[0] (a): require: every pull policy is allowed, so nothing is demanded"},
      {"- {name: a, require: tag, action: deny, message: \"a\\nb\"}",
       "1:50: rules[0] (a): message: a message must be one line without control characters: it is part of a warning"},
      {"- {name: a, require: tag, action: deny, message: ' . '}",
       "1:50: rules[0] (a): message: the message says nothing"},
      {"- {preset: strickt}",
       "1:12: rules[0] (strickt): preset: \"strickt\" is not a valid preset; did you mean strict?"},
      {"- {preset: strict, name: x}",
       "1:20: rules[0] (x): name cannot be combined with preset: strict, which brings its own; images, namespaces, "
       "kinds, "
       "containers and types can"},
      {"- {preset: strict, action: warn}",
       "1:20: rules[0] (strict): action cannot be combined with preset: strict, which brings its own; images, "
       "namespaces, "
       "kinds, containers and types can"},
  };
  for (const row& r : rows) EXPECT_EQ(problem_of(r.yaml), r.problem) << r.yaml;
}

TEST(ReadRules, PlacesProblemsOfTheWholeSet) {
  EXPECT_THAT(problem_of("- {name: a, images: docker.io/**, pin: never}\n- {name: a, pin: keep}"),
              HasSubstr("2:3: rules[1] (a): a rule before it"));
  EXPECT_THAT(problem_of("- {name: a, pin: never}\n-\n  name: b\n  pin: keep"), HasSubstr("3:3: rules[1] (b): "));
}

TEST(ReadRules, PlacesBadPatterns) {
  EXPECT_THAT(problem_of("- name: a\n  pin: never\n  images: [docker.io/**, \"docker.io/a b\"]"),
              HasSubstr("3:26: rules[0] (a): images: "));
}

TEST(ReadRules, LimitsNamesAndMessages) {
  const auto with = [](std::size_t name, std::size_t message) {
    return problem_of(fmt::format("[{{name: {}, require: tag, action: warn, message: {}}}]", std::string(name, 'n'),
                                  std::string(message, 'm')));
  };
  EXPECT_EQ(with(max_name_size, max_rule_message_size), "");
  EXPECT_THAT(with(max_name_size + 1, 1), HasSubstr("a name has 1 to 63 characters, not 64"));
  EXPECT_THAT(with(1, max_rule_message_size + 1), HasSubstr("a message has 300 bytes at most, not 301"));
}

TEST(ReadRules, LimitsNamesOfNamespaces) {
  const auto with = [](const std::string& pattern) {
    return problem_of("[{name: x, pin: never, namespaces: \"" + pattern + "\"}]");
  };
  EXPECT_EQ(with(std::string(63, 'n') + "*"), "");
  EXPECT_THAT(with(std::string(64, 'n') + "*"), HasSubstr("they have 63 characters at most"));
}

TEST(ReadRules, ReadsSignersAndAttestations) {
  const auto set = good(R"(
- {name: any, images: "a.test/**", require: {signed: [acme, github]}, action: deny}
- {name: both, images: "b.test/**", require: {signed: [[acme, github]]}, action: warn}
- {name: mixed, images: "c.test/**", require: [{signed: [acme, [b, c]]}, digest], action: audit}
- {name: one, images: "d.test/**", require: {signed: acme}, action: deny}
- name: built
  images: "e.test/**"
  require:
    attested:
      - {type: "https://slsa.dev/provenance/v1", by: [github], fields: {/predicate/n: 7, /predicate/id: "x y"}}
      - {type: "https://example.com/scan", by: [[acme, github]]}
  action: deny
)");
  ASSERT_EQ(set.rules().size(), 5U);
  EXPECT_EQ(set.rules()[0].demands[0].verifiers, (verifier_groups{{"acme"}, {"github"}}));
  EXPECT_EQ(set.rules()[1].demands[0].verifiers, (verifier_groups{{"acme", "github"}}));
  EXPECT_EQ(set.rules()[2].demands[0].verifiers, (verifier_groups{{"acme"}, {"b", "c"}}));
  EXPECT_EQ(set.rules()[3].demands[0].verifiers, (verifier_groups{{"acme"}}));
  EXPECT_THAT(set.rules()[4].demands[0].attestations,
              ElementsAre(attestation{"https://slsa.dev/provenance/v1",
                                      {{"github"}},
                                      {{"/predicate/id", "x y"}, {"/predicate/n", "7"}}},
                          attestation{"https://example.com/scan", {{"acme", "github"}}, {}}));
  EXPECT_EQ(write_rules(good(write_rules(set))), write_rules(set));
  EXPECT_EQ(good(write_rules(set)).rules()[4].demands, set.rules()[4].demands);
}

TEST(ReadRules, ExplainsFaultsOfSignersAndAttestations) {
  struct row {
    std::string_view require, problem;
  };
  const std::vector<row> rows{
      {"signed", "name the verifiers: {signed: [acme]}"},
      {"{signed: []}", "the list is empty; name a verifier"},
      {"{signed: [a, a]}", "the same verifiers are listed twice"},
      {"{signed: [[a, a]]}", "\"a\" is listed twice"},
      {"{signed: [[]]}", "the list is empty"},
      {"{signed: [[[a]]]}", "want a text or a list of texts, not a list"},
      {"{signed: {a: b}}", "want a text or a list of texts"},
      {"{signd: [a]}", "did you mean signed?"},
      {"attested", "describe it: {attested:"},
      {"{attested: x}", "want a mapping of {type: …, by: […], fields: {…}}"},
      {"{attested: []}", "the list is empty; describe an attestation"},
      {"{attested: {by: [a]}}", "type is missing"},
      {"{attested: {type: t}}", "by is missing"},
      {"{attested: {typ: t, by: [a]}}", "did you mean type?"},
      {"{attested: {type: t, by: [a], fields: {predicate: x}}}", "is not a JSON pointer: they begin with /"},
      {"{attested: {type: t, by: [a], fields: {/a~2: x}}}", "~ is written ~0"},
      {"{attested: {type: t, by: [a], fields: {/a: [x]}}}", "/a: want a text"},
      {"{attested: {type: t, by: [a], fields: {}}}", "want a mapping of JSON pointers"},
      {"{attested: [{type: t, by: [a]}, {type: t, by: [a]}]}", "it is listed twice"},
      {"[{signed: a}, {signed: b}]", "signed is listed twice"},
  };
  for (const row& r : rows)
    EXPECT_THAT(problem_of(fmt::format("[{{name: x, require: {}, action: deny}}]", r.require)), HasSubstr(r.problem))
        << r.require;
}

TEST(ReadRules, DemandsOnSignaturesOutliveTags) {
  EXPECT_THAT(problem_of("[{name: x, images: 'a.test/x:v*', require: {signed: a}, action: deny}]"),
              HasSubstr("looks at the tag, which pinning changes, so signed would be demanded before and not after"));
}

TEST(RuleValues, ReadsCooldowns) {
  EXPECT_EQ(parse_cooldown("72h"), 72h);
  EXPECT_EQ(parse_cooldown("8760h"), 8760h);
  for (const char* text : {"", "72", "3d", "-1h", "8760h1s", "292471h"}) EXPECT_FALSE(parse_cooldown(text)) << text;
}

TEST(ReadRules, ReadsCooldowns) {
  const auto set = good(R"(
- {name: own, images: "ghcr.io/acme/**", cooldown: 0s}
- {name: slow, images: "quay.io/**", cooldown: 168h}
- {name: all, cooldown: 72h}
)");
  EXPECT_EQ(set.longest_cooldown(), 168h);
  EXPECT_EQ(write_rules(set),
            R"([{name: "own", images: ["ghcr.io/acme/**"], cooldown: 0s}, )"
            R"({name: "slow", images: ["quay.io/**"], cooldown: 168h}, {name: "all", cooldown: 72h}])");
  struct row {
    const char* image;
    std::uint32_t rule;
  };
  for (const row& one : {row{"ghcr.io/acme/web:1", 0}, row{"quay.io/acme/web:1", 1}, row{"nginx", 2}}) {
    const auto ref = registry::reference::parse(one.image).value();
    EXPECT_EQ(set.effects_of({.ref = &ref}).cooldown, one.rule) << one.image;
  }
  EXPECT_EQ(good("[{name: own, cooldown: 0s}]").longest_cooldown(), std::nullopt);
}

TEST(ReadRules, ReadsDemandsOnMoves) {
  const auto set = good("[{name: stay, images: \"*:1.*\", require: [{unmoved: version-tags}], action: deny}]");
  EXPECT_THAT(set.rules()[0].demands, ElementsAre(demand{requirement::unmoved, {"version-tags"}}));
  EXPECT_THAT(write_rules(set), HasSubstr("require: {unmoved: [\"version-tags\"]}, action: deny"));
  EXPECT_THAT(problem_of("[{name: x, require: unmoved, action: deny}]"), HasSubstr("{unmoved: version-tags}"));
  EXPECT_THAT(problem_of("[{name: x, require: {unmoved: all}, action: deny}]"),
              HasSubstr("\"all\" is not a kind of tags; there is version-tags"));
}

TEST(ReadRules, RefusesCooldownsThatCannotBeMeant) {
  EXPECT_EQ(problem_of("[{name: x, cooldown: 3d}]"),
            "1:22: rules[0] (x): cooldown: \"3d\" is not a duration; write 72h or 30m");
  EXPECT_THAT(problem_of("[{name: x, cooldown: 9000h}]"), HasSubstr("is too long; at most 8760h (a year)"));
  EXPECT_THAT(problem_of("[{name: x, pin: never, cooldown: 72h}]"), HasSubstr("cooldown beside pin: never"));
  EXPECT_THAT(problem_of("[{name: a, cooldown: 72h}, {name: b, cooldown: 24h}]"),
              HasSubstr("its `cooldown` can never apply"));
}

}  // namespace
}  // namespace pinhook::rules
