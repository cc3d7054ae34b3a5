#include <pinhook/access/name_rewrite.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pinhook::access {
namespace {

using rewrites = std::vector<std::pair<std::string, std::string>>;

// What Go's Regexp.ReplaceAllString gives.
TEST(NameRewrite, ReplacesAsGoDoes) {
  const struct {
    rewrites rules;
    std::string name, expected;
  } rows[] = {
      {{{"^rancher/(.*)", "mirror/rancher-images/$1"}}, "rancher/k3s", "mirror/rancher-images/k3s"},
      {{{"^rancher/(.*)", "mirror/$1"}}, "library/nginx", "library/nginx"},
      {{{"(.*)", "hub/$1"}}, "library/nginx", "hub/library/nginx"},
      {{{"^(?P<team>[^/]+)/(?P<app>.*)$", "${app}/of-${team}"}}, "acme/web", "web/of-acme"},
      {{{"^(.*)$", "${1}x"}}, "a", "ax"},
      {{{"^(.*)$", "$1x"}}, "a", ""},
      {{{"^(.*)$", "$2"}}, "a", ""},
      {{{"^(.*)$", "$$1-$"}}, "a", "$1-$"},
      {{{"^(.*)$", "${1-$1"}}, "a", "${1-a"},
      {{{"a", "b"}}, "banana", "bbnbnb"},
      {{{"x*", "-"}}, "abxc", "-a-b-c-"},
      {{{"^none", "x"}, {"^acme/", "one/"}, {"^acme/", "two/"}}, "acme/app", "one/app"},
      {{}, "acme/app", "acme/app"},
  };
  for (const auto& row : rows) {
    const auto made = make_name_rewrite(row.rules);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ((*made)(row.name), row.expected) << row.name << " by " << (row.rules.empty() ? "" : row.rules[0].second);
  }
}

TEST(NameRewrite, RefusesPatternsThatAreNoneOrTooLarge) {
  for (const std::string pattern : {"(", "a(?=b)", "a{1000}{1000}"}) {
    const auto made = make_name_rewrite({{pattern, "x"}});
    ASSERT_FALSE(made) << pattern;
    EXPECT_EQ(made.error().code, error_code::invalid_input);
    EXPECT_NE(made.error().message.find("\"" + pattern + "\""), std::string::npos) << made.error().message;
  }
  EXPECT_FALSE(make_name_rewrite({{std::string(max_rewrite_text + 1, 'a'), "x"}}));
  EXPECT_FALSE(make_name_rewrite({{"a", std::string(max_rewrite_text + 1, 'x')}}));
}

}  // namespace
}  // namespace pinhook::access
