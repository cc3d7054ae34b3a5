#include <pinhook/files/file_walk.hpp>

#include "support/certificates.hpp"
#include "support/git_index_text.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace pinhook::files {
namespace {

namespace fs = std::filesystem;
using words = std::vector<std::string>;

// Runs in a directory of its own, which is the working directory during the test.
struct FileWalk : ::testing::Test {
  testing::temporary_directory folder;
  fs::path before = fs::current_path();

  void SetUp() override { fs::current_path(folder.path()); }
  void TearDown() override { fs::current_path(before); }

  static void make(const std::string& path, const std::string& text = "") {
    const fs::path file(path);
    if (file.has_parent_path()) fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }
  static words found(const words& arguments, walk_limits limits = {}) {
    auto out = find_files(arguments, limits);
    if (!out) {
      ADD_FAILURE() << out.error().message;
      return {};
    }
    return out->paths;
  }
  static error refusal(const words& arguments, walk_limits limits = {}) {
    const auto out = find_files(arguments, limits);
    if (out) {
      ADD_FAILURE() << fmt::format("{} files", out->paths.size());
      return {};
    }
    return out.error();
  }
};

TEST_F(FileWalk, TakesFilesOfKnownForms) {
  for (const char* name : {"Dockerfile", "Dockerfile.dev", "web.dockerfile", "Containerfile", "docker-bake.hcl",
                           "web.nomad", "Dockerfile.dockerignore", "main.tf", ".github/workflows/ci.yml"})
    make(name);
  EXPECT_EQ(found({"."}), (words{".github/workflows/ci.yml", "Containerfile", "Dockerfile", "Dockerfile.dev",
                                 "docker-bake.hcl", "web.dockerfile", "web.nomad"}));
}

TEST_F(FileWalk, TakesNamedFilesOfEveryKind) {
  make("notes.txt");
  make("web.yaml");
  make("[a].yaml");
  make(".gitignore", "*\n");
  fs::create_directory(".git");
  EXPECT_EQ(found({"web.yaml", "./notes.txt", "[a].yaml"}), (words{"web.yaml", "./notes.txt", "[a].yaml"}));
  EXPECT_EQ(found({"/dev/null"}), words{"/dev/null"});
  EXPECT_EQ(found({}), words{});
}

// Also of files that another argument has first, and of links.
TEST_F(FileWalk, SaysWhichFilesAreOfWhichArgument) {
  for (const char* path : {"d/a.yaml", "d/b.yaml", "e/c.yaml"}) make(path);
  fs::create_directories("empty");
  fs::create_symlink("../d/a.yaml", "e/link.yaml");
  const auto out = find_files({"d/b.yaml", "d", "empty", "e", "d/*.yaml"});
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->paths, (words{"d/b.yaml", "d/a.yaml", "e/c.yaml"}));
  using indices = std::vector<std::size_t>;
  ASSERT_EQ(out->of_argument.size(), 5U);
  EXPECT_EQ(out->of_argument[0], indices{0});
  EXPECT_EQ(out->of_argument[1], (indices{1, 0}));
  EXPECT_EQ(out->of_argument[2], indices{});
  EXPECT_EQ(out->of_argument[3], (indices{2, 1}));
  EXPECT_EQ(out->of_argument[4], (indices{1, 0}));
}

TEST_F(FileWalk, TakesManifestsBelowADirectoryInTheOrderOfTheirBytes) {
  for (const char* path :
       {"d/z.yaml", "d/a.yml", "d/a/x.json", "d/a-b.yaml", "d/a/b/c.yaml", "d/Kustomization", "d/B.yaml",
        "d/.github/w.yml", "d/no.txt", "d/x.yaml.bak", "d/kustomization", "d/X.YAML", "e/x.yaml"})
    make(path);
  const words all{"d/.github/w.yml", "d/B.yaml",     "d/Kustomization", "d/X.YAML", "d/a-b.yaml",
                  "d/a.yml",         "d/a/b/c.yaml", "d/a/x.json",      "d/z.yaml"};
  EXPECT_TRUE(std::ranges::is_sorted(all));
  EXPECT_EQ(found({"d"}), all);
  EXPECT_EQ(found({"d///"}), all);
  words below;
  for (const auto& path : all) below.push_back("./" + path);
  EXPECT_EQ(found({"./d"}), below);
  EXPECT_EQ(found({"."}).size(), all.size() + 1);
  EXPECT_EQ(found({"."}).back(), "e/x.yaml");
  EXPECT_EQ(found({"e", "d/a"}), (words{"e/x.yaml", "d/a/b/c.yaml", "d/a/x.json"})) << "arguments in their order";
  fs::current_path("e");
  EXPECT_EQ(found({".."}).front(), "../d/.github/w.yml");
}

TEST_F(FileWalk, TakesEachFileOnce) {
  make("d/a.yaml");
  make("d/b.yaml");
  EXPECT_EQ(found({"d", "d", "./d", "d/*.yaml", fs::absolute("d").string()}), (words{"d/a.yaml", "d/b.yaml"}));
  EXPECT_EQ(found({"d", "./d/a.yaml"}), (words{"d/b.yaml", "./d/a.yaml"})) << "as it was named";
  EXPECT_EQ(found({"d/a.yaml", "./d/a.yaml", "d"}), (words{"d/a.yaml", "d/b.yaml"}));
}

TEST_F(FileWalk, LeavesDirectoriesOfGitAlone) {
  make(".git/config.yaml");
  make("a/.git", "gitdir: elsewhere\n");
  make("a/x.yaml");
  EXPECT_EQ(found({"."}), words{"a/x.yaml"});
}

TEST_F(FileWalk, TakesLinksToFilesUnlessTheFileIsThere) {
  make("d/web.yaml");
  make("other/far.yaml");
  fs::create_symlink("web.yaml", "d/a.yaml");
  fs::create_symlink("../other/far.yaml", "d/b.yaml");
  fs::create_symlink("b.yaml", "d/c.yaml");
  fs::create_symlink("nothing", "d/d.yaml");
  fs::create_symlink("e.yaml", "d/e.yaml");
  fs::create_directory_symlink("../other", "d/f.yaml");
  fs::create_directory_symlink(".", "d/round");
  ASSERT_EQ(::mkfifo("d/pipe.yaml", 0600), 0);
  EXPECT_EQ(found({"d"}), (words{"d/b.yaml", "d/web.yaml"}));
  EXPECT_EQ(found({"d/a.yaml"}), words{"d/a.yaml"});
  EXPECT_EQ(found({"d/round"}), (words{"d/round/b.yaml", "d/round/web.yaml"})) << "a link that is named is followed";
  EXPECT_EQ(found({"d", "other"}), (words{"d/web.yaml", "other/far.yaml"}));
  fs::create_hard_link("d/web.yaml", "d/hard.yaml");
  EXPECT_EQ(found({"d"}), (words{"d/b.yaml", "d/hard.yaml", "d/web.yaml"}))
      << "files of their own once one is replaced";
}

TEST_F(FileWalk, LeavesOutIgnoredFiles) {
  fs::create_directory(".git");
  make(".git/info/exclude", "mine.yaml\n");
  make(".gitignore", "tmp/\n*.gen.yaml\n/deploy/top.yaml\nvendor/*\n");
  make("deploy/.gitignore", "!keep.gen.yaml\n/local.yaml\n");
  make("deploy/a/.gitignore", "b.yaml\n");
  for (const char* path :
       {"deploy/web.yaml", "deploy/top.yaml", "deploy/x.gen.yaml", "deploy/keep.gen.yaml", "deploy/local.yaml",
        "deploy/mine.yaml", "deploy/a/local.yaml", "deploy/a/b.yaml", "deploy/a/mine.yaml", "deploy/c/b.yaml",
        "deploy/tmp/x.yaml", "keep.gen.yaml", "tmp/keep.yaml", "vendor/x.yaml", "vendor/y/z.yaml"})
    make(path);
  const words all{"deploy/a/local.yaml", "deploy/c/b.yaml", "deploy/keep.gen.yaml", "deploy/web.yaml"};
  EXPECT_EQ(found({"."}), all);
  EXPECT_EQ(found({"deploy"}), all) << "the rules above count";
  EXPECT_EQ(found({"deploy/a"}), words{"deploy/a/local.yaml"});
  EXPECT_EQ(found({"tmp"}), words{"tmp/keep.yaml"}) << "a directory that is named is looked into";
  EXPECT_EQ(found({"vendor"}), words{}) << "but ignored files in it are left out";
  EXPECT_EQ(found({"vendor/x.yaml"}), words{"vendor/x.yaml"});
  EXPECT_EQ(found({"deploy/*.yaml"}), (words{"deploy/keep.gen.yaml", "deploy/web.yaml"}));
  EXPECT_EQ(refusal({"vendor/*.yaml"}).code, error_code::not_found);
  fs::current_path("deploy/a");
  EXPECT_EQ(found({"."}), words{"local.yaml"});
}

TEST_F(FileWalk, NeedsNoRepositoryForGitignoreFiles) {
  make("d/.gitignore", "x.yaml\n");
  make(".gitignore", "y.yaml\n");
  make("d/x.yaml");
  make("d/y.yaml");
  EXPECT_EQ(found({"d"}), words{"d/y.yaml"}) << "without a repository nothing above counts";
}

// Git does not ignore what it tracks, whatever its rules say: a file that was added by force is deployed like any
// other.
TEST_F(FileWalk, TakesIgnoredFilesThatGitTracks) {
  make(".gitignore", "*.yaml\nbuild/\n!build/\nvendor/\n");
  for (const char* path :
       {"a.yaml", "b.yaml", "vendor/c.yaml", "vendor/d.yaml", "vendor/deep/e.yaml", "vendor/f/g.yaml"})
    make(path);
  fs::create_directory(".git");
  EXPECT_EQ(found({"."}), words{});
  make(".git/index", testing::git_index_text({"b.yaml", "vendor/d.yaml", "vendor/deep/e.yaml", "vendor/gone.yaml"}));
  EXPECT_EQ(found({"."}), (words{"b.yaml", "vendor/d.yaml", "vendor/deep/e.yaml"}));
  EXPECT_EQ(found({"vendor/*.yaml"}), words{"vendor/d.yaml"});
  EXPECT_EQ(found({"vendor/deep"}), words{"vendor/deep/e.yaml"});
  // A linked work tree has an index of its own.
  make("main/.git/worktrees/w/commondir", "../..\n");
  make("main/.git/index", testing::git_index_text({"x.yaml"}));
  make("main/.git/worktrees/w/index", testing::git_index_text({"y.yaml"}));
  make("w/.git", "gitdir: " + fs::absolute("main/.git/worktrees/w").string() + "\n");
  make("w/.gitignore", "*\n");
  make("w/x.yaml");
  make("w/y.yaml");
  EXPECT_EQ(found({"w"}), words{"w/y.yaml"});
}

TEST_F(FileWalk, KnowsLinkedWorkTrees) {
  make("main/.git/info/exclude", "mine.yaml\n");
  make("main/.git/worktrees/w/commondir", "../..\n");
  make("w/.git", "gitdir: " + fs::absolute("main/.git/worktrees/w").string() + "\n");
  make("w/mine.yaml");
  make("w/web.yaml");
  EXPECT_EQ(found({"w"}), words{"w/web.yaml"});
  make("sub/.git", "gitdir: ../main/.git/modules/sub\n");
  make("main/.git/modules/sub/info/exclude", "theirs.yaml\n");
  make("sub/theirs.yaml");
  make("sub/web.yaml");
  EXPECT_EQ(found({"sub"}), words{"sub/web.yaml"});
  make("sub/.git", "nothing of the kind");
  EXPECT_EQ(found({"sub"}), (words{"sub/theirs.yaml", "sub/web.yaml"}));
}

TEST_F(FileWalk, DoesNotFollowALinkToRules) {
  make("rules", "*.yaml\n");
  make("d/x.yaml");
  fs::create_symlink("../rules", "d/.gitignore");
  EXPECT_EQ(found({"d"}), words{"d/x.yaml"});
}

TEST_F(FileWalk, FindsGlobs) {
  for (const char* path : {"charts/a/values.yaml", "charts/b/c/values.yaml", "charts/values.yaml",
                           "charts/a/Chart.yaml", "charts/a/t.tmpl", "deploy/x.yaml", "deploy/readme.txt",
                           "deploy/prod/y.yaml", "deploy/prod/deep/z.yaml", "deploy/dev/y.yaml"})
    make(path);
  EXPECT_EQ(found({"charts/**/values.yaml"}),
            (words{"charts/a/values.yaml", "charts/b/c/values.yaml", "charts/values.yaml"}));
  EXPECT_EQ(found({"charts/*/values.yaml"}), words{"charts/a/values.yaml"});
  EXPECT_EQ(found({"**/[v]alues.yaml"}).size(), 3U);
  EXPECT_EQ(found({"charts/a/*.tmpl"}), words{"charts/a/t.tmpl"}) << "a kind of file that it names";
  EXPECT_EQ(found({"deploy/*"}),
            (words{"deploy/dev/y.yaml", "deploy/prod/deep/z.yaml", "deploy/prod/y.yaml", "deploy/x.yaml"}));
  EXPECT_EQ(found({"deploy/**"}), found({"deploy"}));
  EXPECT_EQ(found({"deploy/p*"}), (words{"deploy/prod/deep/z.yaml", "deploy/prod/y.yaml"}));
  EXPECT_EQ(found({"deploy/*/"}), (words{"deploy/dev/y.yaml", "deploy/prod/deep/z.yaml", "deploy/prod/y.yaml"}));
  EXPECT_EQ(found({"./deploy/?.yaml"}), words{"./deploy/x.yaml"});
  EXPECT_EQ(found({(folder.path() / "deploy/?.yaml").string()}), words{(folder.path() / "deploy/x.yaml").string()});
  fs::current_path("charts");
  EXPECT_EQ(found({"../deploy/*.yaml"}), words{"../deploy/x.yaml"});
  EXPECT_EQ(found({"*.yaml"}), words{"values.yaml"});
}

TEST_F(FileWalk, NamesMissingFiles) {
  make("plain");
  fs::create_symlink("a", "a");
  const struct {
    std::string word;
    error_code code;
    std::string message;
  } rows[] = {
      {"none.yaml", error_code::not_found, "cannot read none.yaml: No such file or directory"},
      {"", error_code::not_found, "cannot read \"\": No such file or directory"},
      {"plain/x.yaml", error_code::not_found, "cannot read plain/x.yaml: No such file or directory"},
      {"a", error_code::unavailable, "cannot read a: Too many levels of symbolic links"},
      {"*.yaml", error_code::not_found,
       "*.yaml: no such file, and as a glob it matches nothing (files that git ignores are left out)"},
      {"none/*.yaml", error_code::not_found,
       "none/*.yaml: no such file, and as a glob it matches nothing (files that git ignores are left out)"},
      {"plain/*.yaml", error_code::not_found,
       "plain/*.yaml: no such file, and as a glob it matches nothing (files that git ignores are left out)"},
      {"[x.yaml", error_code::invalid_input, "[x.yaml: no such file, and as a glob it cannot match anything"},
  };
  for (const auto& row : rows) {
    const auto e = refusal({row.word});
    EXPECT_EQ(e.code, row.code) << row.word;
    EXPECT_EQ(e.message, row.message);
  }
  fs::create_directory("empty");
  EXPECT_EQ(found({"empty"}), words{});
}

TEST_F(FileWalk, SaysWhichDirectoryMayNotBeRead) {
  make("d/locked/x.yaml");
  make("d/x.yaml");
  fs::permissions(folder.path(), fs::perms::all);
  fs::permissions("d/locked", fs::perms::none);
  // Root may read everything, so the process runs as the user nobody here.
  const uid_t own = ::geteuid();
  ASSERT_EQ(::seteuid(own == 0 ? 65534 : own), 0);
  const auto open = find_files({"d"});
  const auto inside = find_files({"d/locked/x.yaml"});
  ASSERT_EQ(::seteuid(own), 0);
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code, error_code::denied);
  EXPECT_EQ(open.error().message, "cannot read d/locked: Permission denied");
  ASSERT_FALSE(inside);
  EXPECT_EQ(inside.error().code, error_code::denied);
  make("d/.gitignore", "locked\n");
  ASSERT_EQ(::seteuid(own == 0 ? 65534 : own), 0);
  const auto ignored = find_files({"d"});
  ASSERT_EQ(::seteuid(own), 0);
  ASSERT_TRUE(ignored) << ignored.error().message;
  EXPECT_EQ(ignored->paths, words{"d/x.yaml"});
  fs::permissions("d/locked", fs::perms::all);
}

TEST_F(FileWalk, HasLimits) {
  for (int i = 0; i < 4; ++i) make(fmt::format("d/{}.yaml", i));
  EXPECT_EQ(found({"d", "d"}, {.files = 4}).size(), 4U);
  const auto many = refusal({"d"}, {.files = 3});
  EXPECT_EQ(many.code, error_code::invalid_input);
  EXPECT_EQ(many.message, "more than 3 files; name fewer directories");
  make("deep/1/2/3/x.yaml");
  EXPECT_EQ(found({"deep"}, {.depth = 3}).size(), 1U);
  const auto deep = refusal({"deep"}, {.depth = 2});
  EXPECT_EQ(deep.code, error_code::invalid_input);
  EXPECT_EQ(deep.message, "deep/1/2/3 is more than 2 directories deep");
  make("big/.gitignore", std::string(1024 * 1024, '#'));
  make("big/x.yaml");
  EXPECT_EQ(found({"big"}).size(), 1U);
  make("big/.gitignore", std::string(1024 * 1024 + 1, '#'));
  const auto big = refusal({"big"});
  EXPECT_EQ(big.code, error_code::invalid_input);
  EXPECT_EQ(big.message, "big/.gitignore has more than 1048576 bytes");
}

TEST_F(FileWalk, AgreesWithGit) {
  if (std::system("git init -q . 2>/dev/null") != 0) GTEST_SKIP() << "git is not installed";
  constexpr std::array names{"a", "b", "c.yaml", "d.json", "e.txt"};
  constexpr std::array rules{"a/\n",   "!c.yaml\n", "c.yaml\n",      "/b\n",    "*/a\n",
                             "b/**\n", "!a/\n",     "**/a/d.json\n", "*.json\n"};
  std::minstd_rand random(20'261'121);
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 25; ++i) {
      std::string path = "t/";
      for (std::size_t n = below(4); n > 0; --n) path += std::string(names[below(2)]) + '/';
      make(path + names[2 + below(3)]);
      if (below(4) == 0)
        make(path + ".gitignore", std::string(rules[below(rules.size())]) + rules[below(rules.size())]);
    }
    make(".gitignore", rules[below(rules.size())]);
    ASSERT_EQ(std::system("git -c core.excludesFile=/dev/null ls-files -o --exclude-standard -z t >.git/found"), 0);
    std::ifstream in(".git/found", std::ios::binary);
    words expected;
    for (std::string path; std::getline(in, path, '\0');)
      if (path.ends_with(".yaml") || path.ends_with(".json")) expected.push_back(path);
    std::ranges::sort(expected);
    ASSERT_EQ(found({"t"}), expected) << "round " << round;
    fs::remove_all("t");
  }
}

}  // namespace
}  // namespace pinhook::files
