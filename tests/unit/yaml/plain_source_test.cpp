#include <pinhook/yaml/plain_source.hpp>

#include "support/same_source.hpp"

#include <pinhook/yaml/any_source.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook::yaml {
namespace {

using testing::difference_of;

// Empty: the short way leaves the text, or reads what libfyaml reads.
std::string disagreement(std::string_view text) {
  const auto plain = read_plain_source(text);
  if (!plain) return {};
  if (std::string broken = testing::false_promise_of(*plain); !broken.empty()) return broken;
  const auto any = read_any_source(text, {});
  return any ? difference_of(*plain, *any) : any.error().message;
}

TEST(PlainSource, ReadsWhatMostFilesHave) {
  for (const std::string_view text : {
           "a: 1\n",
           "a: 1",
           "# c\n\na: b # d\n# e\nc: d\n",
           "a:\n  b:\n    c: d\n  e: f\ng: h\n",
           "a:\n- b\n- c\nd: e\n",
           "a:\n  - b: c\n    d: e\n  - f: g\nh: i\n",
           "- - a\n  - b\n- c\n-\n  - d\n",
           "a:\nb:\n  c:\n  d: # e\nf:\n",
           "- a:\n-\n- b:\n",
           "a: \"b c\"\nd: 'e # f: g'\n\"h\": i\n'j': k\n",
           "a: [b, \"c\", 'd', [e, f], {g: h, i: [j]}]\n",
           "a: {}\nb: []\nc: { d : e }\n",
           "a: [\n  b, # c\n  d\n]\ne: {\n  f: g\n}\n",
           "{\"a\":{\"b\":[1,2.5,true,null]},\"c\":\"d\"}\n",
           "{\n  \"a\": 1,\n  \"b\": [\n    \"c\"\n  ]\n}\n",
           "---\na: b\n---\n# c\nd: e\n--- # f\n- g\n",
           "a : b\nc:   d   \ne:\n    f\n",
           "a: --b=c\nd: -1\ne: http://f:80/g#h\ni: j,k [l] {m}\n",
           "ä: ö # ü\nß: \"日本\"\né: [à, {ç: è}]\n",
           "a:\n\n\n  b: c\n\n",
           "a: |\n  b\n   c\n\n  d\n\ne: f\n",
           "a:\n  b: |-\n    c\n  d: |+\n\n    e\n\n\n  f: g\n",
           "a:\n- >-\n  b\n  c\n\n  d\n- e\n",
           "a: >\n  b\n  c\n# d\ne: >+\n  f\n\n\n---\ng: h\n",
           "a: b c\n  d e\n\n  f # g\nh:\n  i\n  - j\n",
           "- a\n  b\n- c: d\n    e\n",
           "a: \"b\\n\\\"c\\\" \\u003cd\\u003e\"\ne: 'it''s'\n",
           "a: \"b  \n  c\n\n  d \\\n    \\ e\"\nf: 'g\n  it''s'\n",
           "a: [\"b\\\\c\", 'd''e']\n",
           "a: |\n\nb: c\n",
           "a:\n  b: |\n  c: >-\n\n  d: |+\n\n\n  # e\n  f: g\nh: |\n",
           "- |\n- a: >\n  b: c\n",
           "a/b: c/d\ne: \"f/g\"\nh: '{i}'\n\"{\": [j/k, \"/\"]\n",
           "a: {<<: {b: c}, d: e}\n<<: {f: g}\nh: i\n",
           "a: b\n  c/d\ne: \"f\n  /\"\ng: \"\\n\"\n",
       }) {
    const auto plain = read_plain_source(text);
    ASSERT_TRUE(plain) << text;
    EXPECT_EQ(disagreement(text), "") << text;
  }
}

TEST(PlainSource, LeavesTheRestOfYaml) {
  for (const std::string_view text : {
           "",
           "\n# a\n",
           "a",
           "a: &b c\n",
           "a: *b\n",
           "a: !!str b\n",
           "? a\n: b\n",
           "a: b: c\n",
           "a: b\n  c: d\n",
           "a: >\n  b\n   c\n",
           "a: |2\n   b\n",
           "a: |\n  b",
           "a: |\n   \n  b\n",
           "a:\n  |\n  b\n",
           "a: \"\\x41\"\n",
           "a: \"\\u00e4\"\n",
           "a: \"b\\\\\n  c\"\n",
           "a: 'b''''c'\n",
           "a: 'b'''\n",
           "a: \"b\nc\"\n",
           "a: [\"b\n  c\"]\n",
           "\"a\n  b\": c\n",
           "a: [b: c]\n",
           "a: [b, ]\n",
           "a: {b, c: }\n",
           "a: [b\n",
           "[a]: b\n",
           "a: @b\n",
           "a:\tb\n",
           "a: b\r\n",
           "\xef\xbb\xbf"
           "a: b\n",
           "a: b\xc2\x85\n",
           "a: b\xe2\x80\xa8\n",
           "a: \xff\n",
           "%YAML 1.2\n---\na: b\n",
           "a: b\n...\n",
           "---\n---\na: b\n",
           "a: b\n c: d\n",
           "a:\n  b: c\n d: e\n",
           "- a\nb: c\n",
           "a: b\n- c\n",
           "a: {{ b }}\n",
           "a: \x01\n",
       })
    EXPECT_FALSE(read_plain_source(text)) << text;
}

TEST(PlainSource, KeepsTheLimits) {
  EXPECT_TRUE(read_plain_source("a: {b: [c]}\n", {.depth = 3}));
  EXPECT_FALSE(read_plain_source("a: {b: [c]}\n", {.depth = 2}));
  EXPECT_TRUE(read_plain_source("a: b\n", {.nodes = 3}));
  EXPECT_FALSE(read_plain_source("a: b\n", {.nodes = 2}));
  EXPECT_FALSE(read_plain_source("a: b\n", {.size = 4}));
  EXPECT_FALSE(read_plain_source(std::string(2'000, 'a') + ": b\n"));
}

// Every text of three such lines.
TEST(PlainSource, AgreesWithLibfyamlOnAllTexts) {
  constexpr std::array<std::string_view, 25> lines{
      "a: b\n",     "a:\n",        "  a: b\n",   "  c:\n",           "    d: e # f\n",
      "- a\n",      "-\n",         "  - b: c\n", "- - d\n",          "    - e\n",
      "# f\n",      "\n",          "---\n",      "a: [b, {c: d}]\n", "  [a,\n",
      "b ]\n",      "{\"a\":1}\n", "x: 'y'\n",   "- \"z\": 1\n",     "  text\n",
      "- a: # b\n", "a: |\n",      "- >-\n",     "b: \"c\\n\n",      "   d\\\n"};
  std::size_t read = 0;
  for (const std::string_view a : lines)
    for (const std::string_view b : lines)
      for (const std::string_view c : lines) {
        const std::string text = std::string(a).append(b).append(c);
        ASSERT_EQ(disagreement(text), "") << text;
        read += read_plain_source(text) ? 1 : 0;
      }
  EXPECT_GT(read, 2'000U);
}

}  // namespace
}  // namespace pinhook::yaml
