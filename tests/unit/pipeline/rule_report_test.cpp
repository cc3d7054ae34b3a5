#include <pinhook/pipeline/rule_report.hpp>

#include <pinhook/rules/read_rules.hpp>

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace pinhook::pipeline {
namespace {

std::vector<rule_match> matches_of(std::string_view rules, std::string_view image) {
  const auto set = rules::read_rules(*yaml::parse(rules));
  EXPECT_TRUE(set) << (set ? "" : set.error().message);
  return find_rule_matches(*set, *registry::reference::parse(image));
}

constexpr std::string_view some = R"(
- {name: shop, namespaces: [shop, "team-*"], pin: keep}
- {name: sidecars, images: "**/istio/proxyv2", pin: never}
- {name: all, pin: refresh, require: [tag, {registry: docker.io}], action: deny}
)";

TEST(RuleReport, PrintsLinesForAPerson) {
  EXPECT_EQ(to_lines(matches_of(some, "istio/proxyv2:1")),
            "rules       shop: pin: keep; in namespaces shop, team-*\n"
            "            sidecars: pin: never; rule shop decides pin where it matches\n"
            "            all: pin: refresh, require tag: deny, require registry docker.io: deny; "
            "rule shop decides pin where it matches; rule sidecars decides pin before it\n");
  EXPECT_EQ(to_lines(std::vector<rule_match>{}), "");
}

TEST(RuleReport, PrintsJsonForAProgram) {
  EXPECT_EQ(to_json(matches_of(some, "nginx")),
            R"([{"name":"shop","says":["pin: keep"],"conditions":["namespaces shop, team-*"],"instead":[]},)"
            R"({"name":"all","says":["pin: refresh","require tag: deny","require registry docker.io: deny"],)"
            R"("conditions":[],"instead":[{"effect":"pin","rule":"shop","always":false}]}])");
  EXPECT_EQ(to_json(std::vector<rule_match>{}), "[]");
}

}  // namespace
}  // namespace pinhook::pipeline
