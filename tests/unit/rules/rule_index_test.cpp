#include <pinhook/rules/rule_index.hpp>

#include "support/random_patterns.hpp"

#include <pinhook/rules/unreachable_rules.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace pinhook::rules {
namespace {

using testing::dice;
using testing::pattern_of;
using testing::ref_of;

/// Rules whose conditions overlap in every way.
std::vector<rule> random_rules(dice& d, std::size_t count) {
  static const std::vector<std::string> namespaces{"shop", "team-a", "team-b", "team-*", "*", "*-b", "s*p"};
  static const std::vector<std::string> kinds{"Deployment", "apps/*", "core/Pod", "*", "*/Pod", "Stateful*"};
  static const std::vector<std::string> containers{"web", "db", "w*", "*"};
  std::vector<rule> out;
  for (std::size_t i = 0; i < count; ++i) {
    rule r;
    r.name = fmt::format("r{}", i);
    if (!d.once_in(4))
      for (std::size_t n = d.roll(3) + 1; n > 0; --n) r.about.images.push_back(testing::some_pattern(d));
    if (d.once_in(3))
      for (std::size_t n = d.roll(3) + 1; n > 0; --n) r.about.namespaces.push_back(d.one_of(namespaces));
    if (d.once_in(5))
      for (std::size_t n = d.roll(2) + 1; n > 0; --n) r.about.kinds.push_back(d.one_of(kinds));
    if (d.once_in(5)) r.about.containers.push_back(d.one_of(containers));
    if (d.once_in(6)) r.about.types.push_back(static_cast<pin::container_type>(d.roll(5)));
    if (d.once_in(3)) r.pin = pin::pin_order::never;
    if (d.once_in(4)) r.format = pin::pin_format::digest;
    if (d.once_in(4)) r.pull_policy = pin::pull_policy_order::if_not_present;
    for (std::size_t n = 0; n < requirement_count; ++n)
      if (d.once_in(4)) r.demands.push_back({static_cast<requirement>(n), {}});
    out.push_back(std::move(r));
  }
  return out;
}

struct random_place {
  registry::reference ref;
  std::optional<std::string> ns;
  std::string group, kind, container;
  pin::container_type type;

  explicit random_place(dice& d)
      : ref(ref_of(testing::random_reference(d))), type(static_cast<pin::container_type>(d.roll(5))) {
    static const std::vector<std::string> namespaces{"shop", "team-a", "team-b", "other", "b"};
    static const std::vector<std::pair<std::string, std::string>> kinds{
        {"apps", "Deployment"}, {"", "Pod"}, {"", ""}, {"apps", "StatefulSet"}, {"x.io", "Pod"}};
    static const std::vector<std::string> containers{"web", "db", "", "worker"};
    if (!d.once_in(4)) ns = d.one_of(namespaces);
    std::tie(group, kind) = kinds[d.roll(kinds.size())];
    container = d.one_of(containers);
  }
  [[nodiscard]] subject about() const {
    return {&ref, ns ? std::optional<std::string_view>(*ns) : std::nullopt, group, kind, container, type};
  }
};

/// Rule by rule.
effects plain_effects(const std::vector<rule>& rules, const std::vector<matcher>& matchers, const subject& s) {
  effects out;
  const auto decide = [](std::uint32_t& effect, std::uint32_t rule) {
    if (effect == effects::none) effect = rule;
  };
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    if (!matchers[i].matches(s)) continue;
    if (rules[i].pin) decide(out.pin, i);
    if (rules[i].format) decide(out.format, i);
    if (rules[i].pull_policy) decide(out.pull_policy, i);
    for (const demand& one : rules[i].demands) decide(out.demands[static_cast<std::size_t>(one.requirement)], i);
  }
  return out;
}

TEST(RuleIndex, GivesWhatRuleByRuleGives) {
  dice d(9);
  std::size_t decided = 0;
  for (int round = 0; round < 60; ++round) {
    const std::vector<rule> rules = random_rules(d, 1 + d.roll(120));
    std::vector<matcher> matchers;
    for (const rule& r : rules) matchers.emplace_back(r.about);
    // Of random rules many can never apply: the set takes them as followers.
    const rule_set set = rule_set().followed_by(rules);
    for (int n = 0; n < 120; ++n) {
      const random_place place(d);
      const effects plain = plain_effects(rules, matchers, place.about());
      ASSERT_EQ(set.effects_of(place.about()), plain) << place.ref.written();
      decided += plain == effects() ? 0 : 1;
    }
  }
  EXPECT_GT(decided, 3'000U);
}

// Sets of a few rules, of which most have no condition: they are decided once for all images, or without the pairs of
// letters.
TEST(RuleIndex, FewRulesGiveWhatRuleByRuleGives) {
  dice d(23);
  std::size_t decided = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<rule> rules = random_rules(d, 1 + d.roll(6));
    for (rule& r : rules)
      if (!d.once_in(3)) r.about = {};
    std::vector<matcher> matchers;
    for (const rule& r : rules) matchers.emplace_back(r.about);
    rule_set set = rule_set().followed_by(rules);
    for (int n = 0; n < 20; ++n) {
      const random_place place(d);
      const effects plain = plain_effects(rules, matchers, place.about());
      ASSERT_EQ(set.effects_of(place.about()), plain) << place.ref.written();
      decided += plain == effects() ? 0 : 1;
    }
    // More rules may decide what these leave open.
    const std::vector<rule> more = random_rules(d, 2);
    set = set.followed_by(more);
    for (const rule& r : more) {
      rules.push_back(r);
      matchers.emplace_back(r.about);
    }
    for (int n = 0; n < 20; ++n) {
      const random_place place(d);
      ASSERT_EQ(set.effects_of(place.about()), plain_effects(rules, matchers, place.about())) << place.ref.written();
    }
  }
  EXPECT_GT(decided, 3'000U);
}

/// The rules that are looked at.
std::vector<std::uint32_t> seen(const std::vector<rule>& rules, const subject& s) {
  std::vector<matcher> matchers;
  for (const rule& r : rules) matchers.emplace_back(r.about);
  const rule_index index(matchers);
  std::vector<std::uint32_t> out;
  rule_index::walk walk(index, s);
  while (const auto* e = walk.next()) out.push_back(e->rule);
  return out;
}

rule on(const std::vector<std::string>& images, const std::vector<std::string>& namespaces = {}) {
  rule out;
  for (const std::string& i : images) out.about.images.push_back(pattern_of(i));
  out.about.namespaces = namespaces;
  return out;
}

TEST(RuleIndex, EachSetHasItsOwnNumber) {
  const rule_set one = rule_set().followed_by({on({"ghcr.io/acme/**"})});
  const rule_set copy = one;
  EXPECT_EQ(copy.id(), one.id());
  EXPECT_NE(one.followed_by({}).id(), one.id());
  EXPECT_NE(rule_set::make({}).value().id(), rule_set::make({}).value().id());
}

TEST(RuleIndex, PassesOverAThousandThatCannotMatch) {
  std::vector<rule> rules;
  for (int i = 0; i < 200; ++i) {
    rules.push_back(on({fmt::format("ghcr.io/acme/s{}", i)}));
    rules.push_back(on({fmt::format("ghcr.io/t{}/**", i)}));
    rules.push_back(on({fmt::format("**/x{}/proxy", i)}));
    rules.push_back(on({fmt::format("*:v{}", i)}));
    rules.push_back(on({}, {fmt::format("ns-{}", i)}));
    rules.push_back(on({"ghcr.io/acme/same"}, {fmt::format("only-{}", i)}));
  }
  const auto own = ref_of("ghcr.io/t7/x9/proxy:v11"), same = ref_of("ghcr.io/acme/same:1");
  EXPECT_EQ(seen(rules, {&own, "ns-3"}), (std::vector<std::uint32_t>{3 * 6 + 4, 7 * 6 + 1, 9 * 6 + 2, 11 * 6 + 3}));
  EXPECT_EQ(seen(rules, {&same, "only-5"}), (std::vector<std::uint32_t>{5 * 6 + 5}));
}

// Deeper than the index looks: begins and ends are still found by their outer parts.
TEST(RuleIndex, FindsDeepNames) {
  std::string path = "a.io";
  for (std::size_t i = 0; i < 2 * rule_index::max_depth; ++i) path += fmt::format("/p{}", i);
  const auto ref = ref_of(path);
  const std::string begin = path.substr(0, path.rfind('/'));
  const std::string end = "**" + path.substr(path.find('/'));
  EXPECT_EQ(seen({on({begin + "/*"}), on({end}), on({path}), on({"b.io/**"})}, {&ref}),
            (std::vector<std::uint32_t>{0, 1, 2}));
}

struct unreachable_row {
  std::string name;
  std::vector<rule> rules;
  /// Empty: all can apply.
  std::string problem;
};

rule named(rule r, std::string name, std::size_t line) {
  r.name = std::move(name);
  r.line = line;
  r.column = 5;
  if (!r.pin && r.demands.empty()) r.pin = pin::pin_order::never;
  return r;
}

rule preset(std::string name, std::size_t line) {
  rule out;
  out.preset = std::move(name);
  out.line = line;
  out.column = 5;
  return out;
}

TEST(Shadow, IsARuleThatAnEarlierOneLeavesNothing) {
  rule kinds_wide = on({}), kinds_narrow = on({}), kind_alone = on({});
  kinds_wide.about.kinds = {"Deployment", "batch/*"};
  kinds_narrow.about.kinds = {"apps/Deployment", "batch/Job"};
  kind_alone.about.kinds = {"Job"};
  rule type_wide = on({}), type_narrow = on({}), web = on({}), w = on({});
  type_wide.about.types = {pin::container_type::container, pin::container_type::init_container};
  type_narrow.about.types = {pin::container_type::init_container};
  web.about.containers = {"web"};
  w.about.containers = {"w*"};
  rule tag = on({}), latest = on({});
  tag.demands = {{requirement::tag, {}}};
  latest.demands = {{requirement::not_latest, {}}};
  rule format = on({});
  format.name = "b";
  format.format = pin::pin_format::digest;
  rule both = on({"**/a"});
  both.format = pin::pin_format::digest;
  both.pin = pin::pin_order::keep;
  const std::string pin_of_b =
      "7:5: rule \"b\": its `pin` can never apply: rule \"a\" before it (line 3) matches every image that it matches; "
      "move it up, or remove it";
  const auto a_and_b = [](const rule& a, const rule& b) { return std::vector{named(a, "a", 3), named(b, "b", 7)}; };
  const std::vector<unreachable_row> rows{
      {"everything", a_and_b(on({}), on({"**/x"})), pin_of_b},
      {"every image by pattern", a_and_b(on({"*/**"}), on({})), pin_of_b},
      {"wider first", a_and_b(on({"docker.io/**"}), on({"docker.io/library/*", "docker.io/acme/x:1"})), pin_of_b},
      {"narrower first", a_and_b(on({"docker.io/library/*"}), on({"docker.io/**"})), ""},
      {"one of two images left", a_and_b(on({"docker.io/**"}), on({"docker.io/a/b", "ghcr.io/a/b"})), ""},
      {"images by two patterns", a_and_b(on({"docker.io/**", "ghcr.io/**"}), on({"docker.io/a/b", "ghcr.io/a/b"})),
       pin_of_b},
      {"same digest", a_and_b(on({"*@sha256:" + testing::hex_a}), on({"a.io/b@sha256:" + testing::hex_a})), pin_of_b},
      {"digests", a_and_b(on({"*@*"}), on({"a.io/b@sha*"})), pin_of_b},
      {"long tag", a_and_b(on({"*:" + std::string(128, 'a')}), on({"a.io/b:" + std::string(128, 'a')})), pin_of_b},
      {"namespaces", a_and_b(on({}, {"team-*", "x"}), on({}, {"team-a", "team-b*"})), pin_of_b},
      {"namespace left", a_and_b(on({}, {"team-*"}), on({}, {"team-a", "shop"})), ""},
      {"any namespace is not no namespace", a_and_b(on({}, {"*"}), on({})), ""},
      {"kinds", a_and_b(kinds_wide, kinds_narrow), pin_of_b},
      {"kinds of any group", a_and_b(kinds_wide, kind_alone), ""},
      {"types", a_and_b(type_wide, type_narrow), pin_of_b},
      {"types left", a_and_b(type_narrow, type_wide), ""},
      {"containers", a_and_b(w, web), pin_of_b},
      {"other containers", a_and_b(web, w), ""},
      {"other demands", a_and_b(tag, latest), ""},
      {"other effects", {named(on({}), "a", 3), format}, ""},
      {"one effect of two", a_and_b(on({"**/a"}), both), pin_of_b},
      {"demands", a_and_b(tag, tag),
       "7:5: rule \"b\": its `require: tag` can never apply: rule \"a\" before it (line 3) matches every image that it "
       "matches; move "
       "it up, or remove it"},
      {"presets",
       {preset("strict", 2), preset("recommended", 3)},
       "3:5: preset \"recommended\": no part of it can ever apply: rule \"strict/tag\" before it (line 2) matches "
       "every image that it "
       "matches; move it up, or remove it"},
      {"part of a preset", {named(tag, "a", 1), preset("strict", 3)}, ""},
      {"a rule by a preset",
       {preset("strict", 3), named(latest, "b", 7)},
       "7:5: rule \"b\": its `require: not-latest` can never apply: rule \"strict/not-latest\" before it (line 3) "
       "matches "
       "every image that it matches; move it up, or remove it"},
  };
  for (const unreachable_row& row : rows) {
    const auto made = rule_set::make(row.rules);
    const std::string problem =
        made ? "" : fmt::format("{}:{}: {}", made.error().line, made.error().column, made.error().message);
    EXPECT_EQ(problem, row.problem) << row.name;
  }
}

// A rule that is reported unreachable never decides; and the first that the quick way finds is the first there is.
TEST(Shadow, IsFoundAsByComparingAll) {
  dice d(10);
  std::size_t found_some = 0;
  for (int round = 0; round < 150; ++round) {
    const std::vector<rule> rules = random_rules(d, 2 + d.roll(12));
    std::vector<matcher> matchers;
    std::vector<std::uint32_t> written;
    for (const rule& r : rules) {
      matchers.emplace_back(r.about);
      written.push_back(static_cast<std::uint32_t>(written.size()));
    }
    std::optional<std::pair<std::uint32_t, std::uint32_t>> first;
    for (std::uint32_t i = 0; i < rules.size() && !first; ++i)
      for (std::uint32_t by = 0; by < i && !first; ++by)
        if ((effects_in(rules[i]) & effects_in(rules[by])) != 0 && matchers[by].covers(matchers[i])) first = {i, by};
    const auto found = find_unreachable_rule(rules, matchers, rule_index(matchers), written);
    ASSERT_EQ(found.has_value(), first.has_value());
    if (!found) continue;
    ++found_some;
    EXPECT_EQ(found->rule, first->first);
    EXPECT_EQ(found->by, first->second);
    for (int n = 0; n < 300; ++n) {
      const random_place place(d);
      ASSERT_TRUE(matchers[found->by].matches(place.about()) || !matchers[found->rule].matches(place.about()));
    }
  }
  EXPECT_GT(found_some, 30U);
}

}  // namespace
}  // namespace pinhook::rules
