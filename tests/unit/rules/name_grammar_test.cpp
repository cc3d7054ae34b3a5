#include <pinhook/rules/name_grammar.hpp>

#include "support/random_patterns.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pinhook::rules {
namespace {

using testing::dice;
using testing::ref_of;

/// The result of registry/reference.cpp.
bool is_canonical_name(const std::string& name) {
  const auto ref = registry::reference::parse(name);
  return ref && ref->tag().empty() && !ref->digest() && canonical_name(*ref) == name;
}

TEST(NameGrammar, AcceptsWhatReferencesAreCalled) {
  for (const char* name : {"docker.io/library/nginx", "ghcr.io/acme/api", "localhost/a", "localhost:5000/a", "a:1/b",
                           "a:65535/b", "a:00080/b", "[::1]/a", "[fd00::1]:5000/a/b", "A/b", "a.b/c__d/e-f---g/h.i_j",
                           "docker.io:443/a", "Docker.io/a", "localhost.a/b", "a-b.c/d", "index.docker.io.a/b"}) {
    EXPECT_TRUE(is_canonical_name(name)) << name;
    EXPECT_TRUE(name_grammar::instance().accepts(name)) << name;
  }
}

TEST(NameGrammar, RefusesWhatNoneIsCalled) {
  for (const char* name : {"",          "nginx",    "library/nginx", "docker.io/nginx", "index.docker.io/library/nginx",
                           "docker.io", "a:0/b",    "a:65536/b",     "a:100000/b",      "a:/b",
                           "a.b/C",     "a.b/-c",   "a.b/c-",        "a.b//c",          "a.b/c/",
                           "a.b/c___d", "a.b/c..d", "a.b/c._d",      "-a.b/c",          "a-.b/c",
                           "a..b/c",    "a_b.c/d",  "[]/a",          "[abc]/a",         "[::1]a/b",
                           "[::1/a",    "local/a",  "localhosts/a",  "/a.b/c",          "a.b/c:d",
                           "a.b/\xc3"}) {
    EXPECT_FALSE(is_canonical_name(name)) << name;
    EXPECT_FALSE(name_grammar::instance().accepts(name)) << name;
  }
}

TEST(NameGrammar, SaysWhatReferencesSay) {
  dice d(3);
  std::size_t accepted = 0;
  for (int i = 0; i < 60'000; ++i) {
    std::string name;
    // Pieces of names, and now and then another letter.
    static const std::vector<std::string> pieces{"a",         "a.a", "docker.io", "index.docker.io",
                                                 "localhost", ":",   "65535",     "7",
                                                 "0",         "/",   "/",         "library",
                                                 "_",         "__",  "-",         ".",
                                                 "[",         "::1", "]",         "A",
                                                 "f"};
    for (std::size_t n = d.roll(7) + 1; n > 0; --n) name += d.one_of(pieces);
    if (!name.empty() && d.once_in(5)) name[d.roll(name.size())] = static_cast<char>(d.roll(128));
    ASSERT_EQ(name_grammar::instance().accepts(name), is_canonical_name(name)) << name;
    accepted += is_canonical_name(name) ? 1 : 0;
  }
  EXPECT_GT(accepted, 200U);
}

TEST(ShortestName, IsANameThatThePatternMatches) {
  dice d(4);
  for (int i = 0; i < 3'000; ++i) {
    const reference_pattern p = testing::some_pattern(d);
    const found_name found = shortest_name(p.name());
    ASSERT_FALSE(found.name.empty()) << p.text();
    EXPECT_TRUE(p.name().matches(found.name)) << p.text() << " " << found.name;
    const auto ref = registry::reference::parse(found.name);
    ASSERT_TRUE(ref) << ref.error().message;
    EXPECT_EQ(canonical_name(*ref), found.name);
    EXPECT_EQ(found.repository_size, ref->repository().size());
  }
}

TEST(ShortestName, SaysHowFarNamesFit) {
  const found_name none = shortest_name(glob("ghcr.io/acme/-x"));
  EXPECT_EQ(none.name, "");
  EXPECT_EQ(none.fits, 13U);
}

// The texts alone do not show it: every name has a '/', and on Docker Hub two.
TEST(CoversNames, KnowsWhatNamesLookLike) {
  const std::vector<std::pair<std::string, std::string>> covering{
      {"*/**", "**"},        {"**/*", "**"},
      {"**/**", "**"},       {"docker.io/*/**", "docker.io/**"},

      {"*:*/**", "*:5*/**"}, {"**a**", "**/library/**"}};
  for (const auto& [wide, narrow] : covering)
    EXPECT_TRUE(covers_names(glob(wide), glob(narrow))) << wide << " " << narrow;
  const std::vector<std::pair<std::string, std::string>> not_covering{
      {"*/*/**", "**"}, {"ghcr.io/*/**", "ghcr.io/**"}, {"*.*/**", "**"}, {"docker.io/library/**", "docker.io/**"}};
  for (const auto& [wide, narrow] : not_covering)
    EXPECT_FALSE(covers_names(glob(wide), glob(narrow))) << wide << " " << narrow;
}

TEST(CoversNames, GivesUpOnLongPatterns) {
  const std::string deep(130, 'a');
  EXPECT_TRUE(covers_names(glob("**"), glob("a.io/" + deep + "/*")));
  // True of names, but not of texts; a pattern that is too long is not searched.
  EXPECT_TRUE(covers_names(glob("docker.io/*/**"), glob("docker.io/**")));
  EXPECT_FALSE(covers_names(glob("docker.io/*/**" + deep + "*"), glob("docker.io/**" + deep + "*")));
}

}  // namespace
}  // namespace pinhook::rules
