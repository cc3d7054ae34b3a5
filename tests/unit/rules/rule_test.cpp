#include <pinhook/rules/rule.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <tuple>
#include <vector>

namespace pinhook::rules {
namespace {

TEST(Rule, HasWordsForWhatCanBeDemanded) {
  for (std::size_t i = 0; i < requirement_count; ++i) {
    const auto r = static_cast<requirement>(i);
    EXPECT_FALSE(to_string(r).empty());
    EXPECT_EQ(parse_requirement(to_string(r)), r);
  }
  EXPECT_EQ(to_string(requirement::not_latest), "not-latest");
  EXPECT_EQ(to_string(requirement::pull_policy), "pull-policy");
  EXPECT_EQ(parse_requirement("Tag"), std::nullopt);
}

TEST(Rule, HasWordsForActionsFromMildToSevere) {
  const std::array words{"allow", "audit", "warn", "deny"};
  for (std::size_t i = 0; i < words.size(); ++i) {
    EXPECT_EQ(to_string(static_cast<action>(i)), words[i]);
    EXPECT_EQ(parse_action(words[i]), static_cast<action>(i));
  }
  EXPECT_LT(action::warn, action::deny);
  EXPECT_EQ(parse_action(""), std::nullopt);
}

TEST(Rule, HasWordsForPlacesAndOrders) {
  for (const char* word : {"container", "init-container", "ephemeral-container", "volume", "field"}) {
    const auto type = parse_container_type(word);
    ASSERT_TRUE(type) << word;
    EXPECT_EQ(to_string(*type), word);
  }
  for (const char* word : {"always", "never", "keep", "refresh"}) {
    const auto order = parse_pin_order(word);
    ASSERT_TRUE(order) << word;
    EXPECT_EQ(to_string(*order), word);
  }
  for (const char* word : {"if-not-present", "as-written"}) {
    const auto order = parse_pull_policy_order(word);
    ASSERT_TRUE(order) << word;
    EXPECT_EQ(to_string(*order), word);
  }
  for (const char* word : {"digest", "tag-and-digest"}) {
    const auto format = parse_pin_format(word);
    ASSERT_TRUE(format) << word;
    EXPECT_EQ(to_string(*format), word);
  }
  EXPECT_EQ(parse_pin_order("sometimes"), std::nullopt);
  EXPECT_EQ(parse_container_type("Container"), std::nullopt);
}

using preset_row = std::tuple<std::string, std::string, action>;

std::vector<preset_row> rows_of(std::string_view preset) {
  std::vector<preset_row> out;
  for (const rule& r : rules_of_preset(preset)) {
    EXPECT_EQ(r.demands.size(), 1U);
    EXPECT_TRUE(r.preset.empty());
    out.emplace_back(r.name, to_string(r.demands.at(0).requirement), r.action);
  }
  return out;
}

TEST(Rule, RecommendedOnlyTells) {
  EXPECT_EQ(rows_of("recommended"), (std::vector<preset_row>{{"recommended/tag", "tag", action::warn},
                                                             {"recommended/not-latest", "not-latest", action::warn}}));
}

TEST(Rule, StrictDenies) {
  EXPECT_EQ(rows_of("strict"), (std::vector<preset_row>{{"strict/tag", "tag", action::deny},
                                                        {"strict/not-latest", "not-latest", action::deny},
                                                        {"strict/digest", "digest", action::deny}}));
  EXPECT_TRUE(rules_of_preset("loose").empty());
}

}  // namespace
}  // namespace pinhook::rules
