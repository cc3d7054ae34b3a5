#include <pinhook/fleet/label_selector.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::fleet {
namespace {

TEST(LabelSelector, MatchesAsKubectlDoes) {
  const labels of{{"app", "web"}, {"tier", "front"}, {"empty", ""}, {"example.com/team", "a"}};
  struct row {
    std::string text;
    bool matches;
  };
  const row rows[] = {
      {"", true},
      {"  ", true},
      {"app=web", true},
      {"app==web", true},
      {" app = web ", true},
      {"app=api", false},
      {"app!=web", false},
      {"app!=api", true},
      {"missing!=x", true},
      {"missing=x", false},
      {"app", true},
      {"missing", false},
      {"!missing", true},
      {"!app", false},
      {"empty=", true},
      {"app=", false},
      {"example.com/team=a", true},
      {"tier in (front,back)", true},
      {"tier in (back)", false},
      {"tier notin (back, side)", true},
      {"tier notin (front)", false},
      {"missing notin (a)", true},
      {"missing in (a)", false},
      {"app=web,tier in (front, back),!canary", true},
      {"app=web,tier=back", false},
  };
  for (const row& one : rows) {
    const auto selector = label_selector::parse(one.text);
    ASSERT_TRUE(selector) << one.text << ": " << selector.error().message;
    EXPECT_EQ(selector->matches(of), one.matches) << one.text;
  }
}

TEST(LabelSelector, NamesThePartWithTheFault) {
  for (const std::string text :
       {"app=web,=x", "a b", "a in b", "a like (b)", "app=w eb", "a,,b", "a in (b", "!", "a>1"}) {
    const auto selector = label_selector::parse(text);
    ASSERT_FALSE(selector) << text;
    EXPECT_EQ(selector.error().code, error_code::invalid_input);
    EXPECT_THAT(selector.error().message, ::testing::HasSubstr("write key=value"));
  }
  EXPECT_THAT(label_selector::parse("app=web,a b").error().message, ::testing::StartsWith("\"a b\""));
  EXPECT_FALSE(label_selector::parse(std::string(max_selector_size + 1, 'a')));
}

}  // namespace
}  // namespace pinhook::fleet
