// Markdown for tests: a page's fenced blocks, its commands, and the headings that links can name.
//
//   for (const block& b : blocks_of(page, "yaml")) …
//
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace pinhook::testing {

/// A fenced block that begins a line: its language, its text, and the line of the page it begins in, from 1.
struct block {
  std::string language;
  std::string text;
  std::size_t line = 0;
};

/// Those of one language. A block that is not closed reaches to the end.
std::vector<block> blocks_of(const std::string& page, const std::string& language);

/// The commands of all blocks in "sh": continued lines joined, without comments and the part after a pipe.
std::vector<std::string> commands_of(const std::string& page);

/// The anchors of headings after `#`, as GitHub makes them.
std::set<std::string> anchors_of(const std::string& page);

std::vector<std::string> lines_of(const std::string& text);

/// Parted at blanks.
std::vector<std::string> words_of(const std::string& text);

/// Every match of the pattern's first group.
std::set<std::string> all_of(const std::string& text, const std::string& pattern);

}  // namespace pinhook::testing
