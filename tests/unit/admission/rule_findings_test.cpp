#include <pinhook/admission/rule_findings.hpp>

#include <pinhook/admission/refusal_lines.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace pinhook::admission {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// One rule, and as many slots as it is asked about.
struct RuleFindings : ::testing::Test {
  inquiry about;
  rules::rule_set set;
  pin::mode mode = pin::mode::enforce;

  void demand(rules::requirement requirement, rules::action a, std::string name = "x", std::string message = {}) {
    rules::rule r;
    r.name = std::move(name);
    r.demands.push_back({requirement, {}});
    r.action = a;
    r.message = std::move(message);
    auto made = rules::rule_set::make({std::move(r)});
    ASSERT_TRUE(made) << made.error().message;
    set = *made;
  }
  void add(std::string image, std::string container = "web") {
    pin::slot s;
    s.pointer = fmt::format("/spec/containers/{}/image", about.now.found.slots.size());
    s.image = std::move(image);
    s.container = std::move(container);
    s.type = pin::container_type::container;
    about.now.found.slots.push_back(std::move(s));
  }
  rule_findings judge(std::string_view pinned = {}, bool is_unchanged = false) {
    about.request.kind = "Pod";
    rule_findings out(about, mode, set);
    for (std::size_t i = 0; i < about.now.found.slots.size(); ++i) {
      const auto ref = registry::reference::parse(about.now.found.slots[i].image);
      rules::subject subject;
      subject.ref = &*ref;
      const judged_slot j{.slot = i, .ref = *ref, .effects = set.effects_of(subject), .is_unchanged = is_unchanged};
      rules::image_state image;
      image.ref = &j.ref;
      image.pinned = pinned;
      out.judge(j, image);
    }
    return out;
  }
};

TEST_F(RuleFindings, SayWhatBecomesOfThem) {
  using rules::action;
  const std::tuple<action, pin::mode, bool, const char*> cases[] = {
      {action::deny, pin::mode::enforce, false, "deny"},       {action::deny, pin::mode::best_effort, false, "deny"},
      {action::deny, pin::mode::audit, false, "would-deny"},   {action::deny, pin::mode::enforce, true, "warn"},
      {action::deny, pin::mode::best_effort, true, "warn"},    {action::deny, pin::mode::audit, true, "would-warn"},
      {action::warn, pin::mode::enforce, false, "warn"},       {action::warn, pin::mode::audit, false, "would-warn"},
      {action::warn, pin::mode::best_effort, true, "warn"},    {action::audit, pin::mode::enforce, false, "audit"},
      {action::audit, pin::mode::best_effort, false, "audit"}, {action::audit, pin::mode::audit, true, "audit"}};
  add("nginx");
  for (const auto& [a, m, is_unchanged, taken] : cases) {
    demand(rules::requirement::tag, a);
    mode = m;
    auto found = judge({}, is_unchanged);
    EXPECT_EQ(found.denies(), taken == std::string_view("deny"));
    EXPECT_EQ(found.annotation(), fmt::format("{} x: web: nginx", taken));
    const auto warnings = found.take_warnings();
    EXPECT_EQ(!warnings.empty(), std::string_view(taken).ends_with("warn") || taken == std::string_view("would-deny"));
    ASSERT_EQ(found.take_outcomes().size(), 1U);
  }
}

TEST_F(RuleFindings, AreNoneWhereTheDemandIsMet) {
  demand(rules::requirement::tag, rules::action::deny);
  add("nginx:1.25");
  EXPECT_TRUE(judge().is_empty());
  EXPECT_FALSE(judge().denies());
  EXPECT_EQ(judge().annotation(), "");
}

TEST_F(RuleFindings, FitWarningsWithLongNames) {
  add(std::string(200, 'r') + "/app", std::string(63, 'c'));
  for (const std::size_t size : {1U, 20U, 63U}) {
    demand(rules::requirement::tag, rules::action::deny, std::string(size, 'n'));
    mode = pin::mode::audit;
    const auto warnings = judge().take_warnings();
    ASSERT_FALSE(warnings.empty());
    EXPECT_THAT(warnings[0].text, StartsWith(fmt::format("rule {} would deny: ", std::string(size, 'n'))));
    EXPECT_THAT(warnings[0].text, EndsWith("/app)"));
    EXPECT_LE(warnings[0].text.size(), max_warning_size);
  }
}

TEST_F(RuleFindings, GiveLinesTheirRoomAndLeaveOutWhatWouldBeCut) {
  demand(rules::requirement::tag, rules::action::warn);
  add("nginx");
  const std::string tail = "@sha256:" + std::string(64, 'a');
  const auto line = [&](std::size_t size) { return std::string(size, 'n') + tail; };
  auto warnings = judge(line(5)).take_warnings();
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0].text, EndsWith("; write image: nnnnn" + tail + " (container web, image nginx)"));
  warnings = judge(line(100)).take_warnings();
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_THAT(warnings[1].text, StartsWith("rule x: write image: " + line(100) + " (container web"));
  EXPECT_TRUE(warnings[1].is_line);
  for (std::size_t size = 100; size < 300; ++size) {
    warnings = judge(line(size)).take_warnings();
    ASSERT_EQ(warnings.size(), line(size).size() + std::string("write image: ").size() <= max_warning_size ? 2U : 1U);
    for (const warning& w : warnings) EXPECT_LE(w.text.size(), max_warning_size);
    EXPECT_TRUE(warnings.size() == 1 || warnings[1].text.find("write image: " + line(size)) != std::string::npos);
  }
}

TEST_F(RuleFindings, CountTheDenialsThatDoNotFit) {
  demand(rules::requirement::tag, rules::action::deny);
  for (int i = 0; i < 100; ++i) add("nginx", fmt::format("c{}", i));
  const auto found = judge();
  for (const std::size_t size : {600U, 1000U, 4000U}) {
    const std::vector<std::string> lines = found.denial(size);
    EXPECT_LE(size_of(lines), size);
    EXPECT_GT(size_of(lines), size / 2);
    EXPECT_EQ(lines.at(0), "pinhook denies this Pod: 100 findings:");
    EXPECT_THAT(lines.at(1), StartsWith("- rule x: container c0, image \"nginx\": "));
    EXPECT_EQ(lines.back(), fmt::format("- and {} more", 100 - (lines.size() - 2)));
  }
}

TEST_F(RuleFindings, ShowTheFirstDenialWhateverItTakes) {
  demand(rules::requirement::tag, rules::action::deny, std::string(63, 'n'), std::string(300, 'm'));
  add(std::string(250, 'r') + "/app");
  auto lines = judge().denial(400);
  EXPECT_EQ(lines.size(), 1U);
  EXPECT_LE(size_of(lines), 400U);
  add("nginx");
  lines = judge().denial(400);
  EXPECT_LE(size_of(lines), 400U);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[1], StartsWith("- rule nnn"));
  EXPECT_EQ(lines[2], "- and 1 more");
}

TEST_F(RuleFindings, BoundTheKind) {
  demand(rules::requirement::tag, rules::action::deny);
  add("nginx");
  const auto found = judge();
  about.request.kind = std::string(5'000, 'K');
  EXPECT_LE(size_of(found.denial(max_message_size)), 1'000U);
}

}  // namespace
}  // namespace pinhook::admission
