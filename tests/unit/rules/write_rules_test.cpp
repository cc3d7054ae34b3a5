#include <pinhook/rules/read_rules.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::rules {
namespace {

std::expected<rule_set, rule_problem> read(std::string_view yaml) {
  const auto root = yaml::parse(yaml);
  EXPECT_TRUE(root) << (root ? "" : root.error().message) << '\n' << yaml;
  return root ? read_rules(*root) : rule_set();
}

void expect_same(const rule& a, const rule& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.preset, b.preset);
  std::vector<std::string> images_of_a, images_of_b;
  for (const auto& p : a.about.images) images_of_a.push_back(p.text());
  for (const auto& p : b.about.images) images_of_b.push_back(p.text());
  EXPECT_EQ(images_of_a, images_of_b);
  EXPECT_EQ(a.about.namespaces, b.about.namespaces);
  EXPECT_EQ(a.about.kinds, b.about.kinds);
  EXPECT_EQ(a.about.containers, b.about.containers);
  EXPECT_EQ(a.about.types, b.about.types);
  EXPECT_EQ(a.pin, b.pin);
  EXPECT_EQ(a.format, b.format);
  EXPECT_EQ(a.pull_policy, b.pull_policy);
  EXPECT_EQ(a.cooldown, b.cooldown);
  EXPECT_EQ(a.demands, b.demands);
  EXPECT_EQ(a.action, b.action);
  EXPECT_EQ(a.message, b.message);
}

TEST(WriteRules, WritesOneLine) {
  const auto set = read(
      "- name: a\n  images: '**/istio/proxyv2'\n  pin: never\n- preset: strict\n  namespaces: prod\n"
      "- name: b\n  kinds: [Job]\n  types: volume\n  require: [tag, {registry: docker.io}]\n  action: warn\n"
      "  message: 'a \"b\" #c: d'\n- name: d\n  require: {pull-policy: Never}\n  action: allow");
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(write_rules(*set),
            R"([{name: "a", images: ["**/istio/proxyv2"], pin: never}, {preset: strict, namespaces: ["prod"]}, )"
            R"({name: "b", kinds: ["Job"], types: [volume], require: [tag, {registry: ["docker.io"]}], action: warn, )"
            R"(message: "a \"b\" #c: d"}, {name: "d", require: {pull-policy: ["Never"]}, action: allow}])");
}

TEST(WriteRules, NoRulesAreAnEmptyList) { EXPECT_EQ(write_rules(rule_set()), "[]"); }

// Rules that a person might have, each about another namespace, so that none hides another.
class rule_maker {
 public:
  explicit rule_maker(std::uint64_t seed) : random_(seed) {}

  std::string rules() {
    std::string out;
    const std::size_t count = below(6) + 1;
    for (std::size_t i = 0; i < count; ++i) out += "- " + one(i) + "\n";
    return out;
  }

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  bool chance() { return below(2) == 0; }
  std::string any(const std::vector<std::string>& all) { return all[below(all.size())]; }
  std::string some(const std::vector<std::string>& all) {
    if (chance()) return any(all);
    std::string out = "[" + any(all);
    for (std::size_t more = below(3); more > 0; --more) out += ", " + any(all);
    return out + "]";
  }

  std::string one(std::size_t index) {
    const std::string place = "namespaces: ns-" + std::to_string(index);
    std::string out = "{" + place;
    const std::string require =
        any({"tag", "[digest, not-latest]", "{registry: ['*.example.com', ghcr.io/a/**]}",
             "[tag, {pull-policy: [Always, Never]}]", "{registry: quay.io, pull-policy: Never}"});
    // Those of registries and pull policies cannot look at tags.
    const std::string by_tag = require.find('{') == std::string::npos ? "'*:latest'" : "'*:5000/**'";
    if (chance()) out += ", images: " + some({"'**/istio/*'", "docker.io/library/**", by_tag, "\"ghcr.io/a/**\""});
    if (chance()) out += ", kinds: " + some({"Deployment", "apps/StatefulSet", "core/Pod", "argoproj.io/*"});
    if (chance()) out += ", containers: " + some({"web", "'a-*'", "'*'", "x9"});
    if (chance()) out += ", types: " + some({"container", "init-container", "volume", "field", "ephemeral-container"});
    if (below(5) == 0) return out + ", preset: " + any({"recommended", "strict"}) + "}";
    out += ", name: r" + std::to_string(index);
    const bool is_never = below(4) == 0;
    if (is_never) out += ", pin: never";
    if (!is_never && chance()) out += ", pin: " + any({"always", "keep", "refresh"});
    if (!is_never && chance()) out += ", format: " + any({"digest", "tag-and-digest"});
    if (!is_never && chance()) out += ", pullPolicy: " + any({"if-not-present", "as-written"});
    out += ", require: " + require;
    out += ", action: " + any({"deny", "warn", "audit", "allow"});
    if (chance()) out += ", message: " + any({"plain words", "\"tab-less \\\"quotes\\\" \\\\ ü\"", "'a: b # c'"});
    return out + "}";
  }

  std::mt19937_64 random_;
};

TEST(WriteRules, WhatIsWrittenReadsBackAsTheSame) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const std::string text = rule_maker(seed).rules();
    const auto first = read(text);
    ASSERT_TRUE(first) << first.error().message << '\n' << text;
    const std::string written = write_rules(*first);
    EXPECT_EQ(written.find('\n'), std::string::npos);
    const auto second = read(written);
    ASSERT_TRUE(second) << second.error().message << '\n' << written;
    ASSERT_EQ(first->written().size(), second->written().size());
    for (std::size_t i = 0; i < first->written().size(); ++i) expect_same(first->written()[i], second->written()[i]);
    EXPECT_EQ(write_rules(*second), written);
  }
}

}  // namespace
}  // namespace pinhook::rules
