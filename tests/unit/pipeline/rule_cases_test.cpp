#include <pinhook/pipeline/rule_cases.hpp>

#include <pinhook/rules/read_rules.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {
namespace {

using ::testing::HasSubstr;

rules::rule_set rules_of(std::string_view yaml) {
  auto set = rules::read_rules(*yaml::parse(yaml));
  EXPECT_TRUE(set) << (set ? "" : set.error().message);
  return set ? *set : rules::rule_set();
}

const rules::rule_set& team_rules() {
  static const rules::rule_set set = rules_of(R"(
- {name: sidecars, images: "**/istio/proxyv2", pin: never}
- {name: old, namespaces: legacy, require: not-latest, action: allow}
- {name: no-latest, require: not-latest, action: deny}
- {name: digests, require: digest, action: warn}
- {name: pulls, pullPolicy: if-not-present}
- {name: no-always, kinds: apps/Deployment, require: {pull-policy: [IfNotPresent, Never]}, action: audit}
)");
  return set;
}

rule_case_report report_of(const std::string& yaml) {
  const auto cases = read_rule_cases(*yaml::parse(yaml));
  EXPECT_TRUE(cases) << (cases ? "" : cases.error().message);
  return cases ? try_rules(team_rules(), *cases, "t.yaml") : rule_case_report{};
}

std::string problem_of(const std::string& yaml) {
  const auto cases = read_rule_cases(*yaml::parse(yaml));
  if (cases) return {};
  return fmt::format("{}:{}: {}", cases.error().line, cases.error().column, cases.error().message);
}

TEST(RuleCases, AreQuietWhenAllIsAsExpected) {
  const auto r = report_of(R"(
- {image: "nginx:1.25", expect: {pullPolicy: if-not-present}}
- {image: nginx, expect: {deny: no-latest, pullPolicy: if-not-present}}
- {image: nginx, namespace: legacy, expect: {pullPolicy: if-not-present}}
- {image: "nginx:1.25", in: file, expect: {warn: [digests], pullPolicy: if-not-present}}
- {image: "nginx:1.25", resolves: false, expect: {warn: digests, pullPolicy: if-not-present}}
- {image: "ghcr.io/istio/proxyv2:1", expect: {warn: digests, pin: never, pullPolicy: if-not-present}}
- {image: nginx, kind: Deployment, expect: {deny: no-latest, pullPolicy: if-not-present}}
- {image: nginx, kind: Deployment, in: file, expect: {deny: no-latest, audit: no-always, pullPolicy: if-not-present}}
- {image: "nginx:1", kind: apps/Deployment, pull-policy: Always,
   expect: {audit: no-always, pullPolicy: if-not-present}}
- {image: "nginx:1", kind: Deployment, type: field, expect: {pullPolicy: if-not-present}}
)");
  EXPECT_EQ(r.out, "10 images as expected\n");
  EXPECT_EQ(r.failed, 0U);
}

TEST(RuleCases, ReportDifferencesAndTheDecidingRule) {
  const auto r = report_of(
      "- {image: nginx, namespace: legacy, expect: {deny: [no-latest], pullPolicy: if-not-present}}\n"
      "- {image: \"nginx:1.25\", expect: {pullPolicy: if-not-present}}\n"
      "- {image: nginx, expect: {pin: never}}\n"
      "- {image: \"a.io/istio/proxyv2:1\", expect: {warn: digests, pin: always, format: digest, pullPolicy: "
      "if-not-present}}\n");
  EXPECT_EQ(r.failed, 3U);
  EXPECT_EQ(r.out,
            "t.yaml:1:3: nginx: deny: want no-latest, is nothing (rule old decides not-latest: allow)\n"
            "t.yaml:3:3: nginx: deny: want nothing, is no-latest (rule no-latest demands not-latest); "
            "pin: want never, is nothing (no rule says); pullPolicy: want nothing, is if-not-present (rule pulls)\n"
            "t.yaml:4:3: a.io/istio/proxyv2:1: pin: want always, is never (rule sidecars); "
            "format: want digest, is nothing (no rule says)\n"
            "3 of 4 images not as expected\n");
}

TEST(RuleCases, PlaceEachProblem) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"a: b", "1:1: want a list of {image: …, expect: {…}}"},
      {"[]", "1:1: the list is empty, so nothing is tested"},
      {"- x", "1:3: want a mapping, not a scalar"},
      {"- {expect: {}}", "1:3: image is missing"},
      {"- {image: nginx}", "1:3: expect is missing: write expect: {} where no rule says anything"},
      {"- {image: nginx, imag: x, expect: {}}", "1:18: \"imag\" is not a valid key; did you mean image?"},
      {"- {image: nginx, expect: {dney: x}}", "1:27: expect: \"dney\" is not a valid key; did you mean deny?"},
      {"- {image: nginx, expect: {outcome: x}}",
       "1:27: expect: \"outcome\" is not a valid key; there are deny, warn, audit, pin, "
       "format, pullPolicy, cooldown"},
      {"- {image: nginx, expect: {pin: nevr}}",
       "1:32: expect: pin: \"nevr\" is not one of always, never, keep, refresh; leave the key out where no rule "
       "decides it"},
      {"- {image: nginx, in: files, expect: {}}", "1:22: in: \"files\" is neither admission nor file"},
      {"- {image: nginx, resolves: 'true', expect: {}}", "1:28: resolves: want true or false"},
      {"- {image: nginx, kind: Engine, expect: {}}",
       "1:24: kind: Engine is not a built-in kind; write its group, as in argoproj.io/Engine"},
      {"- {image: nginx, namespace: 'a*', expect: {}}", "1:29: namespace: \"a*\" is a pattern; name one"},
      {"- {image: nginx, type: field, pull-policy: Always, expect: {}}",
       "1:44: pull-policy: a field has none; only containers and volumes do"},
  };
  for (const auto& [yaml, problem] : rows) EXPECT_EQ(problem_of(yaml), problem) << yaml;
  EXPECT_THAT(problem_of("- {image: 'NGINX', expect: {}}"), HasSubstr("1:11: image: "));
}

TEST(RuleCases, ExpectationsNameRules) {
  const auto cases =
      read_rule_cases(*yaml::parse("- {image: a, expect: {deny: no-latest}}\n- {image: b, expect: {warn: "
                                   "digest}}"));
  ASSERT_TRUE(cases);
  const auto problem = find_unknown_rule(team_rules(), *cases);
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->line, 2U);
  EXPECT_EQ(problem->message, "expect: there is no rule \"digest\"; did you mean digests?");
}

TEST(RuleCases, SayWhichVerifiersAcceptAnImage) {
  const auto signers = rules_of(R"(
- {name: own, images: "ghcr.io/acme/**", require: {signed: [acme, [ci, release]]}, action: deny}
- {name: built, images: "ghcr.io/acme/**", require: {attested: {type: t, by: ci}}, action: warn}
)");
  const auto tried = [&](std::string_view yaml) {
    return try_rules(signers, *read_rule_cases(*yaml::parse(yaml)), "t.yaml");
  };
  EXPECT_EQ(tried(R"(
- {image: "ghcr.io/acme/web:1", expect: {deny: own, warn: built}}
- {image: "ghcr.io/acme/web:1", accepted-by: acme, expect: {warn: built}}
- {image: "ghcr.io/acme/web:1", accepted-by: [ci], expect: {deny: own}}
- {image: "ghcr.io/acme/web:1", accepted-by: [ci, release], expect: {}}
- {image: "nginx:1", expect: {}}
)")
                .out,
            "5 images as expected\n");
  EXPECT_EQ(tried("[{image: 'ghcr.io/acme/web:1', accepted-by: acme, expect: {}}]").failed, 1U);
}

}  // namespace
}  // namespace pinhook::pipeline
