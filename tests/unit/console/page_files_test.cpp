// The page keeps to its own policy: no code and no style in the page, no text read as markup, no address of others.
#include <pinhook/console/page_files.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <string>

namespace pinhook::console {
namespace {

TEST(PageFiles, BeginWithThePage) {
  ASSERT_FALSE(page_files().empty());
  EXPECT_EQ(page_files()[0].path, "/");
  EXPECT_EQ(page_files()[0].content_type, "text/html; charset=utf-8");
}

TEST(PageFiles, NameOnlyOneAnother) {
  static const std::regex reference("(?:src|href|from) ?=? ?\"(/[^\"]*)\"");
  for (const page_file& one : page_files()) {
    const std::string text(one.text);
    for (std::sregex_iterator at(text.begin(), text.end(), reference), end; at != end; ++at) {
      const std::string path = (*at)[1];
      EXPECT_TRUE(std::ranges::any_of(page_files(), [&](const page_file& other) { return other.path == path; }))
          << one.path << " names " << path;
    }
  }
}

TEST(PageFiles, RunNoDataAsMarkup) {
  for (const page_file& one : page_files())
    for (const auto* bad : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
                            "DOMParser", "srcdoc", "javascript:", "https://", " style=", "onload="})
      EXPECT_EQ(one.text.find(bad), std::string_view::npos) << one.path << " has " << bad;
}

}  // namespace
}  // namespace pinhook::console
