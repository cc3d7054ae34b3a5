#include <pinhook/files/path_pattern.hpp>

#include <gtest/gtest.h>

namespace pinhook::files {
namespace {

bool matches(std::string_view pattern, std::string_view path) {
  const auto p = path_pattern::parse(pattern);
  return p && p->matches(path);
}

// The whole table is in gitignore_test.cpp, which also compares with git itself.
TEST(PathPattern, MatchesTheWholePath) {
  EXPECT_TRUE(matches("a/b", "a/b"));
  EXPECT_FALSE(matches("a/b", "a/bc"));
  EXPECT_FALSE(matches("a/b", "x/a/b"));
  EXPECT_FALSE(matches("a/b*", "a/b/c"));
  EXPECT_TRUE(matches("**/values*.yaml", "charts/a/values-prod.yaml"));
  EXPECT_TRUE(matches("**/values*.yaml", "values.yaml"));
  EXPECT_TRUE(path_pattern().matches(""));
  EXPECT_FALSE(path_pattern().matches("a"));
}

TEST(PathPattern, IsNoneWhenNothingCanMatch) {
  for (const char* text : {"[", "a[b", "[!", "[a-", "[a\\", "a\\", "[[:digit:]", "[[:none:]]"})
    EXPECT_FALSE(path_pattern::parse(text)) << text;
}

TEST(PathPattern, KnowsSpecialCharacters) {
  for (const char* text : {"*", "a?", "[", "a\\b"}) EXPECT_TRUE(path_pattern::is_special(text)) << text;
  for (const char* text : {"", "a/b", "a]", "!"}) EXPECT_FALSE(path_pattern::is_special(text)) << text;
}

}  // namespace
}  // namespace pinhook::files
