#include <pinhook/pipeline/line_finder.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::pipeline {
namespace {

TEST(LineFinder, GivesTheRestOfALineFromAColumn) {
  const std::string text = "\xEF\xBB\xBFimage: a\r\n  im\xC3\xA4ge: b\nlast";
  line_finder lines(text);
  EXPECT_EQ(lines.from(1, 1), "image: a");
  EXPECT_EQ(lines.from(2, 10), "b");
  EXPECT_EQ(lines.from(3, 2), "ast");
  EXPECT_EQ(lines.from(1, 8), "a") << "it goes back, too";
  EXPECT_EQ(lines.from(1, 99), "");
  EXPECT_EQ(lines.from(9, 1), "");
}

TEST(LineFinder, PlacesAreLinesAndColumnsOfCharacters) {
  const std::string_view text =
      "ab\n\xC3\xA4"
      "c\n";
  EXPECT_EQ(place_in(text, 0), std::pair(std::size_t{1}, std::size_t{1}));
  EXPECT_EQ(place_in(text, 2), std::pair(std::size_t{1}, std::size_t{3}));
  EXPECT_EQ(place_in(text, 5), std::pair(std::size_t{2}, std::size_t{2}));
  EXPECT_EQ(place_in(text, 7), std::pair(std::size_t{3}, std::size_t{1}));
}

TEST(LineFinder, TheWidthIsThatOfTheImageAsWritten) {
  struct row {
    std::string_view rest;
    std::string written;
    std::size_t width;
  };
  for (const auto& [rest, written, width] : std::vector<row>{
           {"nginx:1 # x", "nginx:1", 7},
           {"\"nginx:1\" # x", "nginx:1", 9},
           {R"("a\"b" c)", "a\"b", 6},
           {"'it''s', c", "it's", 7},
           {"'open", "open", 5},
           {"*alias, c", "nginx:1", 6},
           {"\xC3\xA4:1}", "\xC3\xA4:1", 3},
           {"", "nginx:1", 7},
       }) {
    files::slot s;
    s.written = written;
    EXPECT_EQ(width_of(rest, s), width) << rest;
  }
}

}  // namespace
}  // namespace pinhook::pipeline
