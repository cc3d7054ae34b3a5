#include <pinhook/files/diff.hpp>

#include "support/certificates.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace pinhook::files {
namespace {

namespace fs = std::filesystem;

std::string numbered(int from, int to) {
  std::string out;
  for (int i = from; i <= to; ++i) out += fmt::format("{}\n", i);
  return out;
}

// Reads one line with its end; a "\ No newline" mark after it removes the end.
class diff_reader {
 public:
  explicit diff_reader(std::string_view text) : text_(text) {}
  [[nodiscard]] bool is_at_end() const { return text_.empty(); }
  std::string next() {
    const auto end = text_.find('\n');
    if (end == std::string_view::npos) throw std::runtime_error("a line of the diff has no end");
    std::string line(text_.substr(0, end + 1));
    text_.remove_prefix(end + 1);
    if (text_.starts_with("\\ No newline at end of file\n")) {
      line.pop_back();
      text_.remove_prefix(text_.find('\n') + 1);
    }
    return line;
  }

 private:
  std::string_view text_;
};

// Applies a diff as `patch` does, without any tolerance.
std::string applied(std::string_view before, std::string_view diff) {
  if (diff.empty()) return std::string(before);
  diff_reader in(diff);
  if (!in.next().starts_with("--- ") || !in.next().starts_with("+++ ")) throw std::runtime_error("no names");
  std::string out;
  std::size_t old_line = 0, new_line = 0;
  const auto take = [&](bool keeps) {
    const auto end = before.find('\n');
    const auto line = before.substr(0, end == std::string_view::npos ? end : end + 1);
    if (line.empty()) throw std::runtime_error("behind the end");
    if (keeps) out += line;
    before.remove_prefix(line.size());
    ++old_line;
    new_line += keeps ? 1 : 0;
    return std::string(line);
  };
  while (!in.is_at_end()) {
    const std::string head = in.next();
    unsigned long from = 0, count = 1, to = 0, to_count = 1;
    if (std::sscanf(head.c_str(), "@@ -%lu", &from) != 1) throw std::runtime_error("no hunk: " + head);
    if (std::sscanf(head.c_str(), "@@ -%*u,%lu", &count) != 1) count = 1;
    const auto plus = head.find('+');
    if (std::sscanf(head.c_str() + plus, "+%lu", &to) != 1) throw std::runtime_error("no hunk: " + head);
    if (std::sscanf(head.c_str() + plus, "+%*u,%lu", &to_count) != 1) to_count = 1;
    while (old_line < (count == 0 ? from : from - 1)) take(true);
    if (new_line != (to_count == 0 ? to : to - 1)) throw std::runtime_error("other lines: " + head);
    const std::size_t old_end = old_line + count, new_end = new_line + to_count;
    while (old_line < old_end || new_line < new_end) {
      const std::string line = in.next();
      if (line[0] == '+') {
        out += line.substr(1);
        ++new_line;
      } else if (line.substr(1) != take(line[0] == ' ')) {
        throw std::runtime_error("another line: " + line);
      }
    }
  }
  while (!before.empty()) take(true);
  return out;
}

TEST(UnifiedDiff, IsEmptyForEqualTexts) {
  EXPECT_EQ(unified_diff("a", "", ""), "");
  EXPECT_EQ(unified_diff("a", "x\n", "x\n"), "");
}

TEST(UnifiedDiff, ShowsThreeLinesAroundAChange) {
  std::string after = numbered(1, 20);
  after.replace(after.find("10\n"), 3, "ten\n");
  EXPECT_EQ(unified_diff("deploy/web.yaml", numbered(1, 20), after),
            "--- a/deploy/web.yaml\n+++ b/deploy/web.yaml\n@@ -7,7 +7,7 @@\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n 13\n");
}

TEST(UnifiedDiff, MergesHunksThatMeet) {
  const auto with = [](int first, int second) {
    return unified_diff(
        "x", numbered(1, 30),
        numbered(1, first - 1) + "a\n" + numbered(first + 1, second - 1) + "b\n" + numbered(second + 1, 30));
  };
  const auto hunks = [](const std::string& diff) {
    std::size_t n = 0;
    for (auto at = diff.find("\n@@"); at != std::string::npos; at = diff.find("\n@@", at + 1)) ++n;
    return n;
  };
  EXPECT_EQ(hunks(with(10, 11)), 1U);
  EXPECT_EQ(hunks(with(10, 17)), 1U);
  EXPECT_EQ(hunks(with(10, 18)), 2U);
  EXPECT_EQ(hunks(with(1, 30)), 2U);
}

TEST(UnifiedDiff, PutsRemovedLinesBeforeAddedOnes) {
  EXPECT_EQ(unified_diff("x", "a\nb\n", "c\nd\n"), "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n-b\n+c\n+d\n");
}

TEST(UnifiedDiff, CountsFromTheLineBeforeWhenThereIsNone) {
  EXPECT_EQ(unified_diff("x", "", "a\n"), "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+a\n");
  EXPECT_EQ(unified_diff("x", "a\nb\n", ""), "--- a/x\n+++ b/x\n@@ -1,2 +0,0 @@\n-a\n-b\n");
}

TEST(UnifiedDiff, SaysWhereNoNewlineIs) {
  EXPECT_EQ(unified_diff("x", "a", "a\n"), "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
  EXPECT_EQ(unified_diff("x", "a\nb", "c\nb"),
            "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+c\n b\n\\ No newline at end of file\n");
}

TEST(UnifiedDiff, KeepsCarriageReturns) {
  EXPECT_EQ(unified_diff("x", "a\r\nb\r\n", "a\r\nc\r\n"), "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n");
}

TEST(UnifiedDiff, NamesTheFile) {
  const struct {
    const char* path;
    const char* first_line;
  } rows[] = {{"./a.yaml", "--- a/a.yaml"},  {"/srv/a.yaml", "--- a/srv/a.yaml"},
              {".//./a", "--- a/a"},         {"a b", "--- a/a b\t"},
              {"a\nb", "--- \"a/a\\012b\""}, {"a\"\\", "--- \"a/a\\\"\\\\\""},
              {".hidden", "--- a/.hidden"},  {"-", "--- a/-"},
              {"\xC3\xA4", "--- a/\xC3\xA4"}};
  for (const auto& row : rows) {
    const auto diff = unified_diff(row.path, "a\n", "b\n");
    EXPECT_EQ(diff.substr(0, diff.find('\n')), row.first_line);
  }
}

// Texts with changes of every kind: lines replaced, added, removed; with and without an end.
struct change {
  std::string before, after;
};
change drawn(std::minstd_rand& random) {
  const auto text = [&] {
    std::string out;
    for (std::size_t n = random() % 30; n > 0; --n)
      out += fmt::format("{}{}", random() % 6, random() % 9 == 0 ? "\r\n" : "\n");
    if (random() % 3 == 0) out += "end";
    return out;
  };
  change out{text(), {}};
  if (random() % 4 == 0) {
    out.after = text();
    return out;
  }
  for (const char c : out.before) {
    if (random() % 25 == 0) out.after += "new\n";
    if (random() % 25 != 0) out.after += c;
  }
  return out;
}

TEST(UnifiedDiff, LeadsFromOneTextToTheOther) {
  std::minstd_rand random(20'261'121);
  for (int i = 0; i < 3000; ++i) {
    const auto [before, after] = drawn(random);
    for (const std::size_t effort : {max_diff_effort, std::size_t{3}}) {
      const auto diff = unified_diff("x", before, after, effort);
      ASSERT_EQ(applied(before, diff), after) << diff;
    }
  }
}

TEST(UnifiedDiff, IsQuickForManyReplacedLines) {
  std::string before, after;
  for (int i = 0; i < 100'000; ++i) {
    before += i % 5 == 0 ? fmt::format("image: n:{}\n", i) : "name: x\n";
    after += i % 5 == 0 ? fmt::format("image: n@sha256:{}\n", i) : "name: x\n";
  }
  const auto diff = unified_diff("x", before, after);
  EXPECT_EQ(applied(before, diff), after);
  EXPECT_LT(diff.size(), before.size() + 2 * after.size()) << "line by line, not one block";
}

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void is_taken_by(const std::string& tool, const std::string& command) {
  if (std::system(("command -v " + tool + " >/dev/null").c_str()) != 0) GTEST_SKIP() << tool << " is not installed";
  const testing::temporary_directory folder;
  fs::create_directory(folder.path() / "my dir");
  std::minstd_rand random(20'261'121);
  for (int i = 0; i < 100; ++i) {
    const auto [before, after] = drawn(random);
    // Neither program creates or removes files here, which would need other names.
    if (before.empty() || after.empty()) continue;
    folder.write("my dir/web.yaml", before);
    folder.write("diff", unified_diff("./my dir/web.yaml", before, after));
    if (before == after) continue;
    ASSERT_EQ(std::system(fmt::format("cd '{}' && {} >log 2>&1", folder.path().string(), command).c_str()), 0)
        << read(folder.path() / "diff") << read(folder.path() / "log");
    ASSERT_EQ(read(folder.path() / "my dir/web.yaml"), after) << read(folder.path() / "diff");
  }
}

TEST(UnifiedDiff, IsTakenByPatch) { is_taken_by("patch", "patch --binary -p1 <diff"); }
TEST(UnifiedDiff, IsTakenByGit) { is_taken_by("git", "git apply --whitespace=nowarn diff"); }

}  // namespace
}  // namespace pinhook::files
