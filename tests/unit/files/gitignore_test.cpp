#include <pinhook/files/gitignore.hpp>

#include "support/certificates.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

struct row {
  std::string_view patterns;
  std::string_view path;
  bool is_ignored;
};

// A path that ends in '/' is a directory.
bool ignores(const gitignore& rules, std::string_view path) {
  const bool is_directory = path.ends_with('/');
  if (is_directory) path.remove_suffix(1);
  return rules.ignores(path, is_directory);
}

// git 2.39 agrees with each row: see AgreesWithGit.
constexpr row rows[] = {
    // Names, anywhere.
    {"web.yaml", "web.yaml", true},
    {"web.yaml", "a/b/web.yaml", true},
    {"web.yaml", "a/web.yaml2", false},
    {"web", "web/", true},
    {"Web.yaml", "web.yaml", false},
    // Comments, empty lines, escapes.
    {"# a\n\n   \n", "# a", false},
    {"\\#a", "#a", true},
    {"\\!a", "!a", true},
    {"!a", "!a", false},
    {"a#b", "a#b", true},
    {"a\\ ", "a ", true},
    {"a\\ \\ ", "a  ", true},
    {"a   ", "a", true},
    {"a   ", "a   ", false},
    {"a\\  ", "a ", true},
    {"a b", "a b", true},
    {" a", " a", true},
    {" a", "a", false},
    {"a\t", "a", false},
    {"\\a", "a", true},
    {"\\*", "*", true},
    {"\\*", "b", false},
    {"a\\", "a", false},
    {"a\\", "a\\", false},
    {"a\r\nb\r\n", "a", true},
    {"a\r\nb\r\n", "b", true},
    {"a\rb", "a", false},
    {"\xEF\xBB\xBF*.tmp\n", "x.tmp", true},
    {"a\0b"sv, "a", true},
    {"a", "b", false},
    {"", "a", false},
    {"/", "a/", false},
    {"!", "a", false},
    // Negation: the last that matches.
    {"*.yaml\n!web.yaml", "web.yaml", false},
    {"*.yaml\n!web.yaml", "db.yaml", true},
    {"!web.yaml\n*.yaml", "web.yaml", true},
    {"*\n!*/\n!*.yaml", "a/", false},
    {"*\n!*/\n!*.yaml", "a/b", true},
    {"*\n!*/\n!*.yaml", "a/b.yaml", false},
    // Directories alone.
    {"build/", "build/", true},
    {"build/", "build", false},
    {"build/", "a/build/", true},
    {"a/build/", "a/build/", true},
    {"a/build/", "b/a/build/", false},
    {"build//", "build/", false},
    // Anchors: a slash before the end.
    {"/web.yaml", "web.yaml", true},
    {"/web.yaml", "a/web.yaml", false},
    {"a/web.yaml", "a/web.yaml", true},
    {"a/web.yaml", "b/a/web.yaml", false},
    {"/a/web.yaml", "a/web.yaml", true},
    {"/*", "a", true},
    {"/*", "a/b", false},
    {"//a", "a", false},
    // One star, question mark.
    {"*.yaml", "a/web.yaml", true},
    {"*.yaml", ".yaml", true},
    {"*", "anything/", true},
    {"w*b", "web", true},
    {"w*b", "wb", true},
    {"a/*", "a/b", true},
    {"a/*", "a/b/c", false},
    {"a/*/c", "a/b/c", true},
    {"a/*/c", "a/c", false},
    {"a/*/c", "a/b/b/c", false},
    {"*/c", "a/c", true},
    {"*/c", "c", false},
    {"w?b", "web", true},
    {"w?b", "wb", false},
    {"a?b/c", "a/b/c", false},
    {"*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    // Two stars.
    {"**/web", "web", true},
    {"**/web", "a/b/web", true},
    {"**/a/web", "b/a/web", true},
    {"**/a/web", "b/ba/web", false},
    {"a/**", "a/b", true},
    {"a/**", "a/b/c", true},
    {"a/**", "a/", false},
    {"a/**/b", "a/b", true},
    {"a/**/b", "a/x/b", true},
    {"a/**/b", "a/x/y/b", true},
    {"a/**/b", "ab", false},
    {"a/**/b", "a/xb", false},
    {"a/**/**/b", "a/b", true},
    {"a/***/b", "a/x/y/b", true},
    {"a/**b", "a/xb", true},
    {"a/**b", "a/x/b", false},
    {"a/b**", "a/bx", true},
    {"a/b**/c", "a/b/x/c", true},  // not in the manual: behind a plain start they are a part of their own
    {"a/?**/c", "a/b/x/c", false},
    {"**", "a/", true},
    {"**/", "a/", true},
    {"**/", "a", false},
    {"a/**\\/b", "a/x/b", true},
    {"a/**\\/b", "a/b", false},
    // Sets.
    {"[abc]", "b", true},
    {"[abc]", "d", false},
    {"[a-c]x", "bx", true},
    {"[!a-c]x", "bx", false},
    {"[!a-c]x", "dx", true},
    {"[^a-c]x", "dx", true},
    {"[]]", "]", true},
    {"[]-a]", "^", true},
    {"[!]]", "]", false},
    {"[a-]", "-", true},
    {"[-a]", "-", true},
    {"[a-c-e]", "-", true},
    {"[a-c-e]", "d", false},
    {"[c-a]", "b", false},
    {"[\\]]", "]", true},
    {"[\\-a]", "-", true},
    {"[a\\-c]", "b", false},
    {"[a-\\c]", "b", true},
    {"[[:digit:]]", "7", true},
    {"[[:digit:]]", "x", false},
    {"[![:digit:]]", "x", true},
    {"[[:alpha:][:digit:]_]", "_", true},
    {"[[:nothing:]]", "n", false},
    {"[[:alpha:]", "a", false},
    {"a[[:]", "a:", true},
    {"[[:a]", "[", true},
    {"[[a]", "[", true},
    {"[", "[", false},
    {"[a", "[a", false},
    {"a[", "a", false},
    {"a[/]b", "a/b", false},
    {"a[!x]b", "a/b", false},
    {"[\xC3\xA4]", "\xC3", true},
};

TEST(Gitignore, FollowsTheManual) {
  for (const auto& one : rows) {
    gitignore rules;
    rules.add("", one.patterns);
    EXPECT_EQ(ignores(rules, one.path), one.is_ignored) << '<' << one.patterns << "> on " << one.path;
  }
}

TEST(Gitignore, AppliesBelowItsDirectory) {
  gitignore rules;
  rules.add("", "*.tmp\n");
  rules.add("a/b", "!keep.tmp\n/top\nc/d\n");
  EXPECT_TRUE(ignores(rules, "keep.tmp"));
  EXPECT_TRUE(ignores(rules, "a/keep.tmp"));
  EXPECT_FALSE(ignores(rules, "a/b/keep.tmp"));
  EXPECT_FALSE(ignores(rules, "a/b/x/keep.tmp"));
  EXPECT_TRUE(ignores(rules, "a/bc/keep.tmp")) << "a directory whose name only begins like it";
  EXPECT_TRUE(ignores(rules, "a/b/top"));
  EXPECT_FALSE(ignores(rules, "top"));
  EXPECT_FALSE(ignores(rules, "a/b/x/top"));
  EXPECT_TRUE(ignores(rules, "a/b/c/d"));
  EXPECT_FALSE(ignores(rules, "c/d"));
  EXPECT_FALSE(ignores(rules, "a/b"));
  rules.drop_last();
  EXPECT_TRUE(ignores(rules, "a/b/keep.tmp"));
  EXPECT_FALSE(ignores(rules, "a/b/top"));
  rules.drop_last();
  rules.drop_last();
  EXPECT_FALSE(ignores(rules, "keep.tmp"));
}

TEST(Gitignore, TakesNoTimeForPatternsThatTryIt) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  gitignore rules;
  rules.add("", pattern + "b");
  EXPECT_FALSE(ignores(rules, std::string(4000, 'a')));
}

// Git itself, in an empty repository.
class git_repository {
 public:
  git_repository() { is_there_ = command("git init -q . 2>/dev/null") == 0; }
  [[nodiscard]] bool is_there() const { return is_there_; }

  // The paths that are ignored by themselves or by a directory above them. Paths that end in '/' are created.
  std::set<std::string> ignored(std::string_view patterns, const std::vector<std::string>& paths) {
    folder_.write(".gitignore", patterns);
    std::string list;
    for (const auto& path : paths) {
      list += path.substr(0, path.find_last_not_of('/') + 1) + '\0';
      if (path.ends_with('/')) fs::create_directories(folder_.path() / path);
    }
    folder_.write(".git/list", list);
    command("git -c core.excludesFile=/dev/null check-ignore --no-index --stdin -v -n -z <.git/list >.git/found");
    std::ifstream in(folder_.path() / ".git/found", std::ios::binary);
    std::set<std::string> out;
    // source, line, pattern, path; the first three are empty when nothing matches.
    std::array<std::string, 4> one;
    for (std::size_t i = 0; std::getline(in, one[i % 4], '\0'); ++i)
      if (i % 4 == 3 && !one[2].empty() && !one[2].starts_with('!'))
        out.insert(one[3] + (fs::is_directory(folder_.path() / one[3]) ? "/" : ""));
    return out;
  }
  void forget(const std::string& path) { fs::remove_all(folder_.path() / path.substr(0, path.find('/'))); }

 private:
  int command(const std::string& line) const {
    return std::system(fmt::format("cd '{}' && {}", folder_.path().string(), line).c_str());
  }
  testing::temporary_directory folder_;
  bool is_there_ = false;
};

// The directories above a path: git says that a path is ignored when one of them is.
bool ignores_on_the_way(const gitignore& rules, std::string_view path) {
  for (std::size_t at = path.find('/'); at < path.size() - 1; at = path.find('/', at + 1))
    if (ignores(rules, path.substr(0, at + 1))) return true;
  return ignores(rules, path);
}

TEST(Gitignore, AgreesWithGit) {
  git_repository git;
  if (!git.is_there()) GTEST_SKIP() << "git is not installed";
  for (const auto& one : rows) {
    if (one.patterns.find('\0') != std::string_view::npos) continue;
    const std::string path(one.path);
    gitignore rules;
    rules.add("", one.patterns);
    EXPECT_EQ(git.ignored(one.patterns, {path}).contains(path), ignores_on_the_way(rules, path))
        << '<' << one.patterns << "> on " << path;
    git.forget(path);
  }
}

// Pieces that are combined in every way.
TEST(Gitignore, AgreesWithGitOnGeneratedPatterns) {
  git_repository git;
  if (!git.is_there()) GTEST_SKIP() << "git is not installed";
  constexpr std::array pieces{"a",   "b",   "ab",   "*",    "**",  "?",   "/", "/",
                              "**/", "/**", "[ab]", "[!a]", "\\a", "\\*", ".", "[a-"};
  constexpr std::array parts{"a", "b", "ab", "ba", ".", "a.c", "*"};
  std::minstd_rand random(20'261'121);
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  std::set<std::string> drawn;
  while (drawn.size() < 120) {
    std::string path;
    for (std::size_t n = below(4) + 1; n > 0; --n) {
      const std::string part = parts[below(parts.size())];
      if (part != ".") path += (path.empty() ? "" : "/") + part;
    }
    if (!path.empty()) drawn.insert(path + (path.ends_with('a') ? "/" : ""));
  }
  // A file or a directory, not both.
  std::erase_if(drawn, [&](const std::string& path) {
    const auto next = drawn.lower_bound(path + '/');
    return !path.ends_with('/') && next != drawn.end() && next->starts_with(path + '/');
  });
  const std::vector<std::string> paths(drawn.begin(), drawn.end());
  for (int i = 0; i < 250; ++i) {
    std::string patterns;
    for (std::size_t lines = below(3) + 1; lines > 0; --lines) {
      if (below(4) == 0) patterns += '!';
      for (std::size_t n = below(5) + 1; n > 0; --n) patterns += pieces[below(pieces.size())];
      patterns += below(4) == 0 ? "/\n" : "\n";
    }
    gitignore rules;
    rules.add("", patterns);
    const auto expected = git.ignored(patterns, paths);
    for (const auto& path : paths)
      ASSERT_EQ(ignores_on_the_way(rules, path), expected.contains(path)) << '<' << patterns << "> on " << path;
  }
}

}  // namespace
}  // namespace pinhook::files
