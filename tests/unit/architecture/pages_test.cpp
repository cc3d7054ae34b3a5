// The pages that people read: their links lead somewhere, they stay short, and what the README promises names its test.
#include "support/markdown.hpp"
#include "support/pages.hpp"
#include "support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace pinhook::testing {
namespace {

namespace fs = std::filesystem;

// The text without fenced blocks, in which nothing is a link.
std::string prose_of(const std::string& text) {
  std::string out;
  bool is_code = false;
  for (const std::string& line : lines_of(text)) {
    const bool is_fence = line.starts_with("```");
    if (!is_code && !is_fence) out += line + "\n";
    if (is_fence) is_code = !is_code;
  }
  return out;
}

std::set<std::string> links_of(const std::string& text) { return all_of(prose_of(text), R"(\]\(([^)\s]+)\))"); }

// "" when the link of the page leads to a file, and to a heading of it where it names one; else the fault.
std::string fault_of(const std::string& page, const std::string& link) {
  if (link.starts_with("https://")) return "";
  const auto hash = link.find('#');
  const fs::path path = link.substr(0, hash);
  const fs::path file = path.empty() ? fs::path(page) : (fs::path(page).parent_path() / path).lexically_normal();
  if (!fs::exists(fs::path(source_dir()) / file)) return "no such file: " + file.string();
  if (hash == std::string::npos) return "";
  const std::string anchor = link.substr(hash + 1);
  return anchors_of(page_text(file)).contains(anchor) ? "" : file.string() + " has no heading #" + anchor;
}

TEST(Pages, AreThere) {
  const auto all = pages();
  for (const char* page : {"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/README.md",
                           "docs/settings.md", "manifests/README.md"})
    EXPECT_TRUE(std::ranges::find(all, page) != all.end()) << page;
}

TEST(Pages, LinkToFilesAndHeadingsThatExist) {
  for (const std::string& page : pages())
    for (const std::string& link : links_of(page_text(page)))
      EXPECT_EQ(fault_of(page, link), "") << page << ": " << link;
}

TEST(Pages, FaultsOfLinksAreFound) {
  EXPECT_EQ(fault_of("docs/settings.md", "README.md"), "");
  EXPECT_EQ(fault_of("docs/settings.md", "../README.md#install"), "");
  EXPECT_EQ(fault_of("docs/settings.md", "#settings"), "");
  EXPECT_EQ(fault_of("docs/settings.md", "setings.md"), "no such file: docs/setings.md");
  EXPECT_EQ(fault_of("docs/settings.md", "docs/settings.md"), "no such file: docs/docs/settings.md");
  EXPECT_EQ(fault_of("docs/settings.md", "#setings"), "docs/settings.md has no heading #setings");
  EXPECT_EQ(fault_of("README.md", "docs/README.md#nothing"), "docs/README.md has no heading #nothing");
}

// What a person reads of a page: without blocks of code and the targets of links.
std::size_t words_of_page(const std::string& page) {
  std::size_t out = 0;
  bool is_code = false;
  for (const std::string& line : lines_of(page_text(page))) {
    if (line.starts_with("```")) is_code = !is_code;
    if (is_code) continue;
    bool is_target = false;
    bool is_word = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line.compare(i, 2, "](") == 0) is_target = true;
      if (line[i] == ')') is_target = false;
      if (is_target) continue;
      if (line[i] == ' ') is_word = false;
      if (is_word || std::isalnum(static_cast<unsigned char>(line[i])) == 0) continue;
      is_word = true;
      ++out;
    }
  }
  return out;
}

// The README is read in five minutes; a page of the reference has one subject.
TEST(Pages, AreShort) {
  EXPECT_LE(words_of_page("README.md"), 1'650U);
  for (const std::string& page : pages()) {
    const std::size_t lines = lines_of(page_text(page)).size();
    if (page == "README.md") {
      EXPECT_LE(lines, 250U) << page;
    } else if (page.starts_with("docs/")) {
      EXPECT_LT(lines, 200U) << page;
    }
  }
}

TEST(Pages, StandInTheIndex) {
  const auto links = links_of(page_text("docs/README.md"));
  for (const std::string& page : pages()) {
    if (!page.starts_with("docs/") || page == "docs/README.md") continue;
    EXPECT_TRUE(links.contains(page.substr(std::string("docs/").size()))) << page << " is not in docs/README.md";
  }
}

TEST(Pages, TheReadmeNamesATestForEveryNever) {
  std::size_t count = 0;
  for (const std::string& line : lines_of(page_text("README.md"))) {
    if (!line.starts_with("| It never ")) continue;
    ++count;
    const auto links = links_of(line);
    EXPECT_TRUE(std::ranges::any_of(links, [](const std::string& l) { return l.starts_with("tests/"); })) << line;
  }
  EXPECT_GE(count, 10U);
}

}  // namespace
}  // namespace pinhook::testing
