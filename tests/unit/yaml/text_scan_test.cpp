#include <pinhook/yaml/text_scan.hpp>

#include <pinhook/yaml/plain_end.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace pinhook::yaml {
namespace {

std::string made_text(std::mt19937& from, std::string_view letters) {
  std::string out(from() % 70, ' ');
  for (char& c : out) c = letters[from() % letters.size()];
  return out;
}

// From every place of texts of all lengths around those of a block of bytes.
TEST(TextScan, FindsWhatAWalkFinds) {
  std::mt19937 from(1);
  for (int round = 0; round < 3'000; ++round) {
    const std::string text =
        made_text(from, round % 2 == 0 ? "          a\n" : "aaaaaaaaaaaaaaaaaaaaaaaaaa:#/\n \x7f\xc3");
    for (std::size_t at = 0; at <= text.size(); ++at) {
      std::size_t content = at;
      while (content < text.size() && text[content] == ' ') ++content;
      ASSERT_EQ(behind_spaces(text, at), content) << text;
      std::size_t mark = at;
      while (mark < text.size() && !is_mark(text[mark])) ++mark;
      ASSERT_EQ(find_mark(text, at), mark) << text;
    }
  }
}

TEST(TextScan, FindsWords) {
  std::mt19937 from(2);
  for (int round = 0; round < 3'000; ++round) {
    const std::string text = made_text(from, round % 2 == 0 ? "image" : "imageeeee \n");
    for (const std::string_view word : {"e", "im", "ge", "image", "iimage", "e e"})
      for (std::size_t at = 0; at <= text.size(); ++at)
        ASSERT_EQ(find_word(text, word, at), text.find(word, at)) << text << " " << word;
  }
}

TEST(PlainEnd, IsTheEndOfTheLineOrWhatEndsTheScalar) {
  struct scalar {
    std::string_view text;
    std::size_t in_block, in_flow;
    bool has_slash_in_block = false, has_slash_in_flow = false;
  };
  for (const auto& [text, in_block, in_flow, has_slash_in_block, has_slash_in_flow] : {
           scalar{"a: b", 1, 1},
           scalar{"a:b", 3, 3},
           scalar{"a:", 1, 1},
           scalar{"a b # c", 4, 4},
           scalar{"a#b", 3, 3},
           scalar{"a,b", 3, 1},
           scalar{"a:]", 3, 1},
           scalar{"a/b:c/d: e", 7, 7, true, true},
           scalar{"/a", 2, 2, true, true},
           scalar{"a # /", 2, 2},
           scalar{"a: /", 1, 1},
           scalar{"ab, /c\n/", 6, 2, true, false},
           scalar{"a\n", 1, 1},
       }) {
    const plain_end block = plain_end_in_block(text, 0);
    EXPECT_EQ(block.at, in_block) << text;
    EXPECT_EQ(block.has_slash, has_slash_in_block) << text;
    const plain_end flow = plain_end_in_flow(text, 0);
    EXPECT_EQ(flow.at, in_flow) << text;
    EXPECT_EQ(flow.has_slash, has_slash_in_flow) << text;
  }
}

}  // namespace
}  // namespace pinhook::yaml
