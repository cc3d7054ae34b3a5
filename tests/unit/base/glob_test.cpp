#include <pinhook/base/glob.hpp>

#include "support/dice.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pinhook {
namespace {

using testing::dice;
using testing::matches_plainly;

std::string random_text(dice& d, std::string_view letters, std::size_t most) {
  std::string out;
  for (std::size_t size = d.roll(most + 1); size > 0; --size) out += letters[d.roll(letters.size())];
  return out;
}

TEST(Glob, ReadsStars) {
  EXPECT_TRUE(glob("a*c").matches("abc"));
  EXPECT_TRUE(glob("a*c").matches("ac"));
  EXPECT_FALSE(glob("a*c").matches("a/c"));
  EXPECT_TRUE(glob("a**c").matches("a/c"));
  EXPECT_TRUE(glob("**").matches(""));
  EXPECT_TRUE(glob("").matches(""));
  EXPECT_FALSE(glob("").matches("a"));
  EXPECT_FALSE(glob("ab*ba").matches("aba"));
  EXPECT_EQ(glob("a****b*").text(), "a**b*");
  EXPECT_EQ(glob::of_word("a**b*").text(), "a*b*");
}

TEST(Glob, KnowsItsLiteralEnds) {
  const glob g("ab*c**de");
  EXPECT_EQ(g.literal_begin(), "ab");
  EXPECT_EQ(g.literal_end(), "de");
  EXPECT_FALSE(g.is_literal());
  EXPECT_EQ(glob("abc").literal_begin(), "abc");
  EXPECT_EQ(glob("abc").literal_end(), "");
  EXPECT_TRUE(glob("abc").is_literal());
}

TEST(Glob, MatchesAsThePlainWayDoes) {
  dice d(1);
  std::size_t matched = 0;
  for (int i = 0; i < 60'000; ++i) {
    const std::string pattern = random_text(d, "ab/***", 10), text = random_text(d, "aab/", 12);
    const bool is_match = glob(pattern).matches(text);
    ASSERT_EQ(is_match, matches_plainly(glob(pattern).text(), text)) << pattern << " on " << text;
    matched += is_match ? 1 : 0;
  }
  EXPECT_GT(matched, 3'000U);
}

TEST(Glob, NeverSaysWronglyThatItCovers) {
  dice d(2);
  std::size_t covered = 0;
  for (int i = 0; i < 20'000; ++i) {
    const glob wide(random_text(d, "ab/***", 7)), narrow(random_text(d, "ab/***", 7));
    if (!wide.covers(narrow)) continue;
    ++covered;
    for (int n = 0; n < 30; ++n) {
      const std::string text = random_text(d, "aab/", 9);
      ASSERT_TRUE(wide.matches(text) || !narrow.matches(text)) << wide.text() << " " << narrow.text() << " " << text;
    }
  }
  EXPECT_GT(covered, 500U);
}

// A pattern is compared as a text in which other characters stand for its stars.
TEST(Glob, CharactersThatStandForStarsAreNoStars) {
  EXPECT_FALSE(glob("**\x01*x**").covers(glob("\xff*x\n//")));
  EXPECT_FALSE(glob("*\x02*").covers(glob("**")));
  EXPECT_FALSE(glob("*").covers(glob("\x01*/")));
  EXPECT_TRUE(glob("a\x01*").covers(glob("a\x01*")));
}

// Counting ways to put thirty stars on three hundred letters takes longer than the universe has.
TEST(Glob, TriesNoPatternForLong) {
  std::string part_stars, deep_stars;
  for (int i = 0; i < 30; ++i) part_stars += "a*", deep_stars += i % 2 == 0 ? "a**" : "a*";
  const std::string text(300, 'a');
  EXPECT_FALSE(glob(part_stars + "b*").matches(text + "c"));
  EXPECT_FALSE(glob("**" + deep_stars + "b*").matches(text + "c"));
  EXPECT_TRUE(glob("**" + deep_stars).matches(text));
}

TEST(Glob, OneStarStaysWithinAPart) {
  EXPECT_TRUE(glob("docker.io/library/*").matches("docker.io/library/nginx:1.25"));
  EXPECT_FALSE(glob("docker.io/*").matches("docker.io/library/nginx:1.25"));
  EXPECT_TRUE(glob("docker.io/*/nginx:*").matches("docker.io/library/nginx:1.25"));
  EXPECT_FALSE(glob("docker.io/library/nginx").matches("docker.io/library/nginx:1.25"));
  EXPECT_TRUE(glob("docker.io/library/ngin*x:1.25").matches("docker.io/library/nginx:1.25"));
}

TEST(Glob, TwoStarsCrossParts) {
  EXPECT_TRUE(glob("**").matches("docker.io/library/nginx:1.25"));
  EXPECT_TRUE(glob("**/istio/*").matches("docker.io/istio/proxyv2:1.20"));
  EXPECT_TRUE(glob("**/istio/*").matches("ghcr.io/a/b/istio/proxyv2:1.20"));
  EXPECT_FALSE(glob("**/istio/*").matches("docker.io/istio/x/proxyv2:1.20"));
  EXPECT_FALSE(glob("**/istio/*").matches("istio/proxyv2:1.20"));
  EXPECT_TRUE(glob("ghcr.io/acme/**").matches("ghcr.io/acme/team/api:v2"));
}

TEST(Glob, OtherCharactersStandForThemselves) {
  EXPECT_TRUE(glob("").matches(""));
  EXPECT_FALSE(glob("").matches("a"));
  EXPECT_FALSE(glob("a").matches(""));
  EXPECT_TRUE(glob("*").matches(""));
  EXPECT_FALSE(glob("docker.io").matches("dockerxio"));
  EXPECT_FALSE(glob("[a]?").matches("a1"));
  EXPECT_TRUE(glob("[a]?").matches("[a]?"));
}

TEST(Glob, BacktracksOverBothStars) {
  EXPECT_TRUE(glob("**a/*b").matches("x/a/a/cb"));
  EXPECT_TRUE(glob("*a*b**c").matches("xaabb/c/c"));
  EXPECT_FALSE(glob("*a*b*c").matches("xaabb/c"));
  EXPECT_FALSE(glob(std::string(200, '*') + "b").matches(std::string(2000, 'a')));
}

}  // namespace
}  // namespace pinhook
