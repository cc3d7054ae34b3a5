// Every golden request once more under rules about everything: the properties that hold under all rules. The requests
// of pinning cover the cases of their authors; these tests state no results, only results that must not be.

#include "golden/review_run.hpp"
#include "golden/rule_checks.hpp"
#include "support/json_patch_apply.hpp"
#include "support/paths.hpp"
#include "support/review_case.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {
namespace {

constexpr std::array modes{pin::mode::enforce, pin::mode::best_effort, pin::mode::audit};

rules::rule_set read(std::string_view text) {
  const auto list = yaml::parse(text);
  EXPECT_TRUE(list) << text;
  auto set = rules::read_rules(*list);
  EXPECT_TRUE(set) << (set ? "" : set.error().message);
  return set ? std::move(*set) : rules::rule_set();
}

// The requests of pinning and of modes: rules have requests of their own.
const std::vector<review_case>& cases() {
  static const std::vector<review_case> all = [] {
    auto out = load_review_cases(std::filesystem::path(testing::source_dir()) / "tests/golden/cases");
    std::erase_if(out, [](const review_case& c) { return c.name.starts_with("rules-") || !c.rules.is_empty(); });
    for (review_case& c : out) c.every_image = "sha256:" + std::string(64, 'e');
    return out;
  }();
  return all;
}

struct outcome {
  admission::verdict verdict;
  json::document review;
  bool is_allowed = false;
  std::vector<std::string> asked;

  const json::value& response() const { return review["response"]; }
};

outcome ask(const review_case& c, const std::string& body, pin::mode mode) {
  auto got = answer(c, body, mode);
  outcome out{std::move(got.verdict), {}, false, std::move(got.asked)};
  if (out.verdict.http_status != 200) return out;
  auto parsed = json::parse(out.verdict.body);
  EXPECT_TRUE(parsed) << out.verdict.body;
  if (!parsed) return out;
  out.review = std::move(*parsed);
  out.is_allowed = json::find_bool(out.response(), "allowed").value_or(false);
  check_findings_are_reported(out.verdict, out.response(), mode);
  EXPECT_TRUE(out.is_allowed || mode != pin::mode::audit);
  EXPECT_TRUE(!has_denial(out.verdict) || !out.is_allowed);
  if (mode == pin::mode::best_effort) {
    EXPECT_EQ(out.is_allowed, !has_denial(out.verdict));
  }
  return out;
}

std::string patch_text(const outcome& t) {
  return t.verdict.http_status == 200 ? text_of(patch_of(t.response())) : std::string("none");
}

void ask_again(const review_case& c, const std::string& body, pin::mode mode, const outcome& first) {
  const auto review = json::parse(body);
  const auto patch = patch_of(first.response());
  if (patch.Empty()) return;
  const auto patched = apply_json_patch((*review)["request"]["object"], patch);
  ASSERT_TRUE(patched) << patched.error().message;
  const auto second = ask(c, text_of(with_member(*review, "object", *patched)), mode);
  EXPECT_TRUE(second.is_allowed) << second.verdict.body;
  EXPECT_EQ(patch_text(second), "[]");
  check_no_more_findings(first.verdict, second.verdict);
}

template <class Check>
void for_all(std::string_view rules, Check check) {
  const auto set = read(rules);
  ASSERT_FALSE(set.is_empty());
  ASSERT_GT(cases().size(), 200U);
  for (const auto mode : modes)
    for (const auto& one : cases()) {
      SCOPED_TRACE(fmt::format("{} under {}", one.name, pin::to_string(mode)));
      review_case ruled = one;
      ruled.rules = set;
      check(one, ruled, minified(one.request), mode);
    }
}

// Under all requirements: an object that was allowed is allowed by a second call, and stays unchanged.
void hold(const review_case&, const review_case& ruled, const std::string& body, pin::mode mode) {
  const auto first = ask(ruled, body, mode);
  if (first.verdict.http_status != 200) return;
  const auto patch = patch_text(first);
  if (mode == pin::mode::audit || !first.is_allowed) {
    EXPECT_EQ(patch, "[]");
  }
  ask_again(ruled, body, mode, first);
}

TEST(UnderRules, StrictRulesHold) { for_all("[{preset: strict}, {name: pulls, pullPolicy: if-not-present}]", hold); }

TEST(UnderRules, DemandsThatPinningDoesNotMeetHold) {
  for_all(
      "[{name: own, require: [{registry: [quay.io, ghcr.io]}, {pull-policy: [IfNotPresent]}], action: deny},"
      " {name: readable, format: tag-and-digest}]",
      hold);
}

TEST(UnderRules, EverythingAtOnceHolds) {
  for_all(
      "[{name: all, pin: always, pullPolicy: if-not-present}, {name: plain, types: [container], format: digest},"
      " {name: readable, format: tag-and-digest}, {preset: recommended},"
      " {name: own, require: [{registry: [nowhere.example.com]}, {pull-policy: [Never]}], action: warn}]",
      hold);
}

TEST(UnderRules, RefreshHolds) {
  for_all("[{name: all, pin: refresh}, {name: own, require: {registry: [ghcr.io]}, action: warn}]", hold);
}

// No registry is asked, only values that must stay as in oldObject are changed, and invalid references are still
// refused.
TEST(UnderRules, NeverLeavesEverything) {
  for_all("[{name: all, pin: never}, {name: pulls, pullPolicy: if-not-present}]",
          [](const review_case&, const review_case& ruled, const std::string& body, pin::mode mode) {
            const auto got = ask(ruled, body, mode);
            if (got.verdict.http_status != 200) return;
            EXPECT_EQ(got.asked, std::vector<std::string>{});
            if (got.verdict.outcome == admission::outcome::kept) return;
            EXPECT_EQ(patch_text(got), "[]");
          });
}

// Audit rules change nothing: the same patch, the same warnings, the same decision.
TEST(UnderRules, AuditIsSilent) {
  for_all(
      "[{name: all, require: [tag, not-latest, digest, {registry: [nowhere.example.com]}, {pull-policy: [Never]}],"
      " action: audit}]",
      [](const review_case& plain, const review_case& ruled, const std::string& body, pin::mode mode) {
        const auto without = ask(plain, body, mode);
        const auto with = ask(ruled, body, mode);
        EXPECT_EQ(with.verdict.http_status, without.verdict.http_status);
        EXPECT_EQ(with.asked, without.asked);
        EXPECT_EQ(patch_text(with), patch_text(without));
        if (with.verdict.http_status != 200) return;
        EXPECT_EQ(with.is_allowed, without.is_allowed);
        for (const char* name : {"warnings", "status"}) {
          const json::value* a = json::find(with.response(), name);
          const json::value* b = json::find(without.response(), name);
          EXPECT_EQ(a == nullptr ? "" : text_of(*a), b == nullptr ? "" : text_of(*b)) << name;
        }
      });
}

}  // namespace
}  // namespace pinhook::testing
