#include <pinhook/files/path_glob.hpp>

#include <gtest/gtest.h>

namespace pinhook::files {
namespace {

TEST(PathGlob, BeginsInFrontOfTheFirstSpecialPart) {
  const struct {
    const char* word;
    const char* directory;
  } rows[] = {{"*.yaml", ""},   {"deploy/*.yaml", "deploy"}, {"a/b/c*/d", "a/b"},  {"/srv/*/x", "/srv"}, {"/*", "/"},
              {"./a/?", "./a"}, {"a\\*b/[x]", ""},           {"../x/[ab]", "../x"}};
  for (const auto& row : rows) {
    const auto g = path_glob::parse(row.word);
    ASSERT_TRUE(g) << row.word;
    EXPECT_EQ(g->directory(), row.directory) << row.word;
  }
}

TEST(PathGlob, Finds) {
  const auto g = path_glob::parse("charts/*/values*.yaml");
  ASSERT_TRUE(g);
  EXPECT_TRUE(g->finds("redis/values.yaml", false));
  EXPECT_FALSE(g->finds("values.yaml", false));
  EXPECT_FALSE(g->finds("redis/sub/values.yaml", false));
  EXPECT_TRUE(path_glob::parse("a//*/.//b")->finds("x/b", false));
}

TEST(PathGlob, FindsOnlyDirectoriesWhenItEndsInASlash) {
  const auto g = path_glob::parse("deploy/*/");
  ASSERT_TRUE(g);
  EXPECT_TRUE(g->finds("prod", true));
  EXPECT_FALSE(g->finds("prod", false));
}

TEST(PathGlob, NeedNotLookWhereNothingCanMatch) {
  const auto g = path_glob::parse("*/base/x*.yaml");
  ASSERT_TRUE(g);
  EXPECT_TRUE(g->may_hold("any", 0));
  EXPECT_TRUE(g->may_hold("base", 1));
  EXPECT_FALSE(g->may_hold("node_modules", 1));
  EXPECT_FALSE(g->may_hold("xa.yaml", 2));
  const auto deep = path_glob::parse("a*/**/x.yaml");
  ASSERT_TRUE(deep);
  EXPECT_TRUE(deep->may_hold("ab", 0));
  EXPECT_FALSE(deep->may_hold("b", 0));
  EXPECT_TRUE(deep->may_hold("anything", 7));
  const auto set = path_glob::parse("[a/b]/x");
  ASSERT_TRUE(set);
  EXPECT_TRUE(set->may_hold("b", 0));
}

TEST(PathGlob, KnowsWhenItNamesNoKindOfFile) {
  for (const char* word : {"*", "a/*", "a/**", "a/**/"}) EXPECT_TRUE(path_glob::parse(word)->names_no_kind()) << word;
  for (const char* word : {"*.yaml", "a/*x", "a/[b]"}) EXPECT_FALSE(path_glob::parse(word)->names_no_kind()) << word;
}

TEST(PathGlob, IsNoneWhenNothingCanMatch) {
  for (const char* word : {"a[", "x/[b", "a\\"}) EXPECT_FALSE(path_glob::parse(word)) << word;
  EXPECT_TRUE(path_glob::is_one("a["));
  EXPECT_FALSE(path_glob::is_one("a\\b"));
}

}  // namespace
}  // namespace pinhook::files
