#include <pinhook/files/node_paths.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

using ::testing::ElementsAre;

constexpr std::size_t enough = 1'000'000;

std::vector<std::string> walked(std::string_view paths, std::string_view text, std::size_t budget = enough) {
  const auto from = yaml::read_source(text);
  if (!from) return {from.error().message};
  const yaml::source_document& doc = from->documents.at(0);
  std::vector<std::string> out;
  const node_paths wanted(paths);
  const auto ok = wanted.walk(doc, doc.root, budget, [&](const path_match& m) {
    const auto& node = doc.at(doc.resolve(m.node));
    out.push_back(fmt::format("{} {}{}", m.path, m.pointer,
                              node.kind == yaml::source_kind::scalar ? fmt::format("={}", node.text) : std::string()));
    return true;
  });
  if (!ok) out.push_back(ok.error().message);
  return out;
}

struct path_case {
  const char* paths;
  const char* text;
  std::vector<std::string> found;
};

TEST(NodePaths, FindsWhatTheyLeadTo) {
  const std::vector<path_case> cases{
      {"a", "{a: 1, b: 2}", {"0 /a=1"}},
      {"a/b", "{a: {b: 1, c: 2}, b: 3}", {"0 /a/b=1"}},
      {"a/b", "{a: [1]}", {}},
      {"a", "[1]", {}},
      {"a/*", "{a: [1, 2]}", {"0 /a/0=1", "0 /a/1=2"}},
      {"a/*", "{a: {x: 1, y: 2}}", {"0 /a/x=1", "0 /a/y=2"}},
      {"*/b", "{x: {b: 1}, y: {c: {b: 2}}}", {"0 /x/b=1"}},
      {"**/b", "{b: 1, x: {b: 2}, y: [{b: 3}, [{b: 4}]]}", {"0 /b=1", "0 /x/b=2", "0 /y/0/b=3", "0 /y/1/0/b=4"}},
      {"a/**/b", "{a: {b: 1, c: {b: 2}}, b: 3}", {"0 /a/b=1", "0 /a/c/b=2"}},
      {"**/s/b", "{s: {s: {b: 1}, b: 2}}", {"0 /s/s/b=1", "0 /s/b=2"}},
      {"a b", "{b: 1, a: 2}", {"1 /b=1", "0 /a=2"}},
      {"a a/b", "{a: {b: 1}}", {"0 /a", "1 /a/b=1"}},
      {"  a  b ", "{a: 1, b: 2}", {"0 /a=1", "1 /b=2"}},
      {"*[k=v]/b", "{x: {k: v, b: 1}, y: {k: w, b: 2}, z: {b: 3}}", {"0 /x/b=1"}},
      {"r[k=v]/p/*[n=i]/b", "{r: {k: v, p: [{n: i, b: 1}, {n: j, b: 2}]}}", {"0 /r/p/0/b=1"}},
      {"a[x", "{\"a[x\": 1}", {"0 /a[x=1"}},
      {"*", "{a/b: 1, c~d: 2}", {"0 /a~1b=1", "0 /c~0d=2"}},
      {"*", "{? [a, b] : 1, c: 2}", {"0 /c=2"}},
      {"", "{a: 1}", {}},
  };
  for (const path_case& one : cases)
    EXPECT_EQ(walked(one.paths, one.text), one.found) << one.paths << " in " << one.text;
}

TEST(NodePaths, FollowAliasesAndMergeKeys) {
  EXPECT_THAT(walked("*/b", "a: &a {b: 1}\nc: *a\n"), ElementsAre("0 /a/b=1", "0 /c/b=1"));
  EXPECT_THAT(walked("c/*", "a: &a {b: 1, d: 2}\nc: {<<: *a, b: 3}\n"), ElementsAre("0 /c/b=3", "0 /c/d=2"));
  EXPECT_THAT(walked("c/*", "a: &a {b: 1}\nd: &d {b: 2, e: 3}\nc: {<<: [*a, *d]}\n"),
              ElementsAre("0 /c/b=1", "0 /c/e=3"));
  EXPECT_THAT(walked("c/*", "c: {\"<<\": {b: 1}}\n"), ElementsAre("0 /c/<<"));
}

TEST(NodePaths, RefuseDuplicateKeysWhereTheyLeadThrough) {
  EXPECT_THAT(walked("a/b", "a: {b: 1, b: 2}\n"), ElementsAre("0 /a/b=1", "line 1, column 11: duplicate key \"b\""));
  EXPECT_THAT(walked("a/b", "a: {c: 1, c: 2, b: 3}\n"), ElementsAre("0 /a/b=3"));
}

TEST(NodePaths, EndWhenTheyAreTold) {
  const auto from = yaml::read_source("[1, 2, 3]");
  std::size_t calls = 0;
  std::size_t budget = enough;
  EXPECT_TRUE(node_paths("*").walk(from->documents[0], 0, budget, [&](const path_match&) { return ++calls < 2; }));
  EXPECT_EQ(calls, 2U);
}

TEST(NodePaths, EndWithTheBudget) {
  EXPECT_THAT(walked("**/b", "a: {b: 1}\n", 4), ElementsAre(::testing::HasSubstr("aliases expand to too much")));
  std::string chain = "a0: &a0 {b: 1}\n";
  for (int i = 1; i < 2'000; ++i) chain += fmt::format("a{}: &a{} {{b: *a{}}}\n", i, i, i - 1);
  EXPECT_THAT(walked("**/none", chain), ElementsAre(::testing::HasSubstr("nest too deep")));
  std::string bomb = "a0: &a0 [1]\n";
  for (int i = 1; i < 30; ++i) bomb += fmt::format("a{}: &a{} [*a{}, *a{}]\n", i, i, i - 1, i - 1);
  EXPECT_THAT(walked("**/none", bomb), ElementsAre(::testing::HasSubstr("aliases expand to too much")));
}

}  // namespace
}  // namespace pinhook::files
