#include <pinhook/files/line_changes.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace pinhook::files {

void PrintTo(const replaced_lines& c, std::ostream* out) {
  *out << '[' << c.old_from << ',' << c.old_to << ")->[" << c.from << ',' << c.to << ')';
}

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A character is a line.
std::vector<std::string_view> text(const std::string& s) {
  std::vector<std::string_view> out;
  for (const char& c : s) out.emplace_back(&c, 1);
  return out;
}

std::vector<replaced_lines> changes(const std::string& before, const std::string& after, std::size_t effort = 100) {
  return changes_between(text(before), text(after), effort);
}

// Builds `after` from `before` and the changes.
std::string applied(const std::string& before, const std::string& after, const std::vector<replaced_lines>& all) {
  std::string out;
  std::size_t at = 0;
  for (const auto& c : all) {
    out += before.substr(at, c.old_from - at);
    EXPECT_EQ(out.size(), c.from);
    out += after.substr(c.from, c.to - c.from);
    at = c.old_to;
  }
  return out + before.substr(at);
}

std::size_t size_of(const std::vector<replaced_lines>& all) {
  std::size_t out = 0;
  for (const auto& c : all) out += c.old_to - c.old_from + c.to - c.from;
  return out;
}

// The number of changed lines by the longest common subsequence, computed slowly.
std::size_t least(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> common(a.size() + 1, std::vector<std::size_t>(b.size() + 1, 0));
  for (std::size_t i = 1; i <= a.size(); ++i)
    for (std::size_t j = 1; j <= b.size(); ++j)
      common[i][j] = a[i - 1] == b[j - 1] ? common[i - 1][j - 1] + 1 : std::max(common[i - 1][j], common[i][j - 1]);
  return a.size() + b.size() - 2 * common[a.size()][b.size()];
}

TEST(LineChanges, AreTheDifferences) {
  EXPECT_THAT(changes("abc", "abc"), IsEmpty());
  EXPECT_THAT(changes("", ""), IsEmpty());
  EXPECT_THAT(changes("abc", "aXc"), ElementsAre(replaced_lines{1, 2, 1, 2}));
  EXPECT_THAT(changes("abc", "abXc"), ElementsAre(replaced_lines{2, 2, 2, 3}));
  EXPECT_THAT(changes("abc", "ac"), ElementsAre(replaced_lines{1, 2, 1, 1}));
  EXPECT_THAT(changes("", "ab"), ElementsAre(replaced_lines{0, 0, 0, 2}));
  EXPECT_THAT(changes("ab", ""), ElementsAre(replaced_lines{0, 2, 0, 0}));
  EXPECT_THAT(changes("abcdef", "XbcdeY"), ElementsAre(replaced_lines{0, 1, 0, 1}, replaced_lines{5, 6, 5, 6}));
  EXPECT_THAT(changes("aa", "aaa"), ElementsAre(replaced_lines{2, 2, 2, 3}));
}

TEST(LineChanges, AreAsFewAsCanBe) {
  std::minstd_rand random(20'261'121);
  for (int i = 0; i < 3000; ++i) {
    std::string a, b;
    for (std::size_t n = random() % 12; n > 0; --n) a += static_cast<char>('a' + random() % 4);
    for (std::size_t n = random() % 12; n > 0; --n) b += static_cast<char>('a' + random() % 4);
    const auto found = changes(a, b);
    ASSERT_EQ(applied(a, b, found), b) << a << " → " << b;
    ASSERT_EQ(size_of(found), least(a, b)) << a << " → " << b;
    for (std::size_t j = 1; j < found.size(); ++j) ASSERT_GT(found[j].old_from, found[j - 1].old_to) << a << " → " << b;
    const auto hasty = changes(a, b, random() % 6);
    ASSERT_EQ(applied(a, b, hasty), b) << a << " → " << b;
  }
}

// As in a file whose images were pinned: no search is needed where no changed line is anywhere else.
TEST(LineChanges, AreInPlaceWhereNoOtherWayIsAsShort) {
  EXPECT_THAT(changes("abcabc", "XbcYbc", 0), ElementsAre(replaced_lines{0, 1, 0, 1}, replaced_lines{3, 4, 3, 4}));
  EXPECT_THAT(changes("aabb", "aXXb", 0), ElementsAre(replaced_lines{1, 3, 1, 3}));
  // A line goes to another place.
  EXPECT_THAT(changes("abcd", "Xabd"), ElementsAre(replaced_lines{0, 0, 0, 1}, replaced_lines{2, 3, 3, 3}));
  EXPECT_THAT(changes("aab", "Xab"), ElementsAre(replaced_lines{0, 1, 0, 1}));
  EXPECT_THAT(changes("abac", "acab"), ElementsAre(replaced_lines{1, 3, 1, 1}, replaced_lines{4, 4, 2, 4}));
}

TEST(LineChanges, AreLineByLineWhenThereAreTooMany) {
  EXPECT_THAT(changes("abcdef", "XbcYef", 3), ElementsAre(replaced_lines{0, 1, 0, 1}, replaced_lines{3, 4, 3, 4}));
  EXPECT_THAT(changes("abcdef", "XbYZf", 3), ElementsAre(replaced_lines{0, 5, 0, 4})) << "not as many lines: one block";
}

TEST(LineChanges, KeepTheirLineEnds) {
  EXPECT_THAT(lines_of(""), IsEmpty());
  EXPECT_THAT(lines_of("a\nb"), ElementsAre("a\n", "b"));
  EXPECT_THAT(lines_of("a\r\n\n"), ElementsAre("a\r\n", "\n"));
}

}  // namespace
}  // namespace pinhook::files
