#include <pinhook/base/nearest_word.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace pinhook {
namespace {

constexpr std::array<std::string_view, 4> known{"name", "namespaces", "kinds", "pin"};

TEST(NearestWord, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "pin"), 3U);
  EXPECT_EQ(edit_distance("pin", ""), 3U);
  EXPECT_EQ(edit_distance("pin", "pinn"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("chekc", "check"), 1U) << "two neighbours that changed places";
  EXPECT_EQ(edit_distance("--drfit", "--drift"), 1U);
  EXPECT_EQ(edit_distance("ab", "ba"), 1U);
  EXPECT_EQ(edit_distance("abc", "cab"), 2U);
}

TEST(NearestWord, FindsSmallSlips) {
  EXPECT_EQ(nearest_word("namespace", known), "namespaces");
  EXPECT_EQ(nearest_word("nmae", known), "name");
  EXPECT_EQ(nearest_word("nmea", known), "");
  EXPECT_EQ(nearest_word("nam", known), "name");
  EXPECT_EQ(nearest_word("pinn", known), "pin");
}

TEST(NearestWord, FindsNothingFarAway) {
  EXPECT_EQ(nearest_word("volumes", known), "");
  EXPECT_EQ(nearest_word("", known), "");
}

TEST(NearestWord, DoesNotLookAtLongTexts) {
  const std::string longest(max_slip_size, 'x');
  const std::string one = longest + "x";
  const std::array<std::string_view, 1> near{std::string_view(one)};
  EXPECT_EQ(nearest_word(longest, near), one);
  EXPECT_EQ(nearest_word(one, near), "");
}

}  // namespace
}  // namespace pinhook
