#include <pinhook/pipeline/replacement.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::pipeline {
namespace {

// Applies a replacement as an editor does.
std::string applied(const std::string& before, const replacement& r) {
  const auto offset = [&](std::size_t line, std::size_t column) {
    std::size_t at = 0;
    for (; line > 1; --line) at = before.find('\n', at) + 1;
    for (; column > 1; --column) do
        ++at;
      while (at < before.size() && (static_cast<unsigned char>(before[at]) & 0xc0U) == 0x80);
    return at;
  };
  const auto begin = offset(r.line, r.column);
  return before.substr(0, begin) + r.text + before.substr(offset(r.end_line, r.end_column));
}

TEST(ChangedLines, AreWholeLinesThatMakeTheOneTextTheOther) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"a: nginx:1\nb: x\n", "a: nginx@sha256:0 # nginx:1\nb: x\n"},
      {"a: nginx:1", "a: nginx@sha256:0 # nginx:1"},
      {"é: é:1 # é\r\nb: x\r\n", "é: é@sha256:0 # é:1 # é\r\nb: x\r\n"},
      {"x\na\nc\n", "x\na\nb\nc\n"},
      {"a\nc", "a\nc\nd"},
      {"a\nb\nc\nd\n", "a\nB\nC\nd\n"},
      {"a\na\na\n", "a\na\n"},
      {"", "a"},
      {"a", ""},
  };
  for (const auto& [before, after] : cases) {
    const auto r = changed_lines(before, after);
    ASSERT_TRUE(r) << before;
    EXPECT_EQ(r->column, 1U) << before;
    EXPECT_EQ(applied(before, *r), after) << before;
  }
  EXPECT_FALSE(changed_lines("same\n", "same\n"));
}

TEST(ChangedLines, NameNoMoreThanChanged) {
  EXPECT_EQ(changed_lines("x: 1\r\na: nginx:1 \r\ny: 2\r\n", "x: 1\r\na: nginx@d \r\ny: 2\r\n"),
            (replacement{2, 1, 2, 12, "a: nginx@d "}));
}

}  // namespace
}  // namespace pinhook::pipeline
