#include <pinhook/yaml/source.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

// libfyaml 0.7 loses a buffer on some texts that it refuses.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfyaml"; }

namespace pinhook::yaml {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

source read(std::string_view text) {
  auto got = read_source(text);
  if (!got) {
    ADD_FAILURE() << got.error().message << " in:\n" << text;
    return {};
  }
  return std::move(*got);
}

std::string_view raw(std::string_view text, const source_node& n) { return text.substr(n.span.begin, n.span.size()); }

// The invariants of every tree: places inside of the text, parents before children, children inside of their parents
// and in order, lines and columns that count.
void expect_sound(std::string_view text, const source& s) {
  std::size_t previous_end = 0;
  for (const auto& doc : s.documents) {
    ASSERT_LE(doc.span.begin, doc.span.end);
    ASSERT_LE(doc.span.end, text.size());
    ASSERT_GE(doc.span.begin, previous_end);
    previous_end = doc.span.end;
    ASSERT_EQ(doc.root == no_node, doc.nodes.empty());
    std::size_t last_begin = 0;
    for (node_index i = 0; i < doc.nodes.size(); ++i) {
      const auto& n = doc.nodes[i];
      ASSERT_LE(n.span.begin, n.span.end) << i;
      ASSERT_GE(n.span.begin, doc.span.begin) << i;
      ASSERT_LE(n.span.end, doc.span.end) << i;
      ASSERT_GE(n.span.begin, last_begin) << i;
      last_begin = n.span.begin;
      ASSERT_EQ(n.parent == no_node, i == doc.root) << i;
      if (n.parent != no_node) {
        ASSERT_LT(n.parent, i);
        const auto& p = doc.nodes[n.parent];
        ASSERT_TRUE(p.kind == source_kind::mapping || p.kind == source_kind::sequence);
        ASSERT_GE(n.span.begin, p.span.begin) << i;
        ASSERT_LE(n.span.end, p.span.end) << i;
      }
      const auto before = text.substr(0, n.span.begin);
      ASSERT_EQ(n.line, 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'))) << i;
      std::size_t children = 0;
      std::size_t end = n.span.begin;
      for (node_index c = n.first; c != no_node; c = doc.nodes[c].next, ++children) {
        ASSERT_EQ(doc.nodes[c].parent, i);
        ASSERT_GE(doc.nodes[c].span.begin, end);
        end = doc.nodes[c].span.end;
      }
      if (n.kind == source_kind::mapping) {
        ASSERT_EQ(children % 2, 0U);
      }
      if (n.kind == source_kind::alias) {
        ASSERT_LT(n.target, i);
        ASSERT_NE(doc.nodes[n.target].kind, source_kind::alias);
        ASSERT_EQ(raw(text, n), "*" + std::string(n.text));
      }
    }
  }
}

struct scalar_case {
  const char* label;
  std::string_view text;
  std::string_view pointer;
  scalar_form form;
  std::string_view raw;
  std::string_view value;
  std::uint32_t line, column;
};

void PrintTo(const scalar_case& c, std::ostream* out) { *out << c.label; }

class YamlSourceScalar : public ::testing::TestWithParam<scalar_case> {};

TEST_P(YamlSourceScalar, KnowsItsBytes) {
  const auto& c = GetParam();
  const source s = read(c.text);
  expect_sound(c.text, s);
  ASSERT_EQ(s.documents.size(), 1U);
  const auto& doc = s.documents[0];
  const auto at = doc.at_pointer(doc.root, c.pointer);
  ASSERT_NE(at, no_node);
  const auto& n = doc.at(at);
  ASSERT_EQ(n.kind, source_kind::scalar);
  EXPECT_EQ(n.form, c.form);
  EXPECT_EQ(raw(c.text, n), c.raw);
  EXPECT_EQ(n.text, c.value);
  EXPECT_EQ(n.line, c.line);
  EXPECT_EQ(n.column, c.column);
}

using enum scalar_form;

const scalar_case scalars[] = {
    {"plain", "a: nginx\n", "/a", plain, "nginx", "nginx", 1, 4},
    {"plain_with_colons", "a: reg.example:5000/n:1.25\n", "/a", plain, "reg.example:5000/n:1.25",
     "reg.example:5000/n:1.25", 1, 4},
    {"plain_before_a_comment", "a: nginx   # c\n", "/a", plain, "nginx", "nginx", 1, 4},
    {"plain_with_a_hash_inside", "a: ngi#nx # c\n", "/a", plain, "ngi#nx", "ngi#nx", 1, 4},
    {"plain_with_trailing_spaces", "a: nginx  \t \nb: 1\n", "/a", plain, "nginx", "nginx", 1, 4},
    {"plain_with_spaces_inside", "a: one two  three\n", "/a", plain, "one two  three", "one two  three", 1, 4},
    {"plain_without_a_final_newline", "a: nginx", "/a", plain, "nginx", "nginx", 1, 4},
    {"plain_over_lines", "a: one\n  two\n\n  three\nb: 1\n", "/a", plain, "one\n  two\n\n  three", "one two\nthree", 1,
     4},
    {"plain_on_the_next_line", "a:\n  nginx\nb: 1\n", "/a", plain, "nginx", "nginx", 2, 3},
    {"plain_on_the_next_line_behind_a_comment", "a: # see\n  # more\n  nginx\n", "/a", plain, "nginx", "nginx", 3, 3},
    {"plain_number", "a: 1.25\n", "/a", plain, "1.25", "1.25", 1, 4},
    {"plain_with_crlf", "x: 1\r\na: nginx\r\nb: 1\r\n", "/a", plain, "nginx", "nginx", 2, 4},
    {"plain_with_crlf_and_trailing_space", "a: nginx \r\nb: 1\r\n", "/a", plain, "nginx", "nginx", 1, 4},
    {"plain_over_lines_with_crlf", "a: one\r\n  two\r\nb: 1\r\n", "/a", plain, "one\r\n  two", "one two", 1, 4},
    {"plain_behind_tabs", "a:\t\tnginx\t# c\n", "/a", plain, "nginx", "nginx", 1, 5},
    {"plain_in_flow", "a: {b: nginx, c: [x ,y ]}\n", "/a/b", plain, "nginx", "nginx", 1, 8},
    {"plain_in_flow_before_space", "a: {b: nginx, c: [x ,y ]}\n", "/a/c/0", plain, "x", "x", 1, 19},
    {"plain_in_flow_last", "a: {b: nginx, c: [x ,y ]}\n", "/a/c/1", plain, "y", "y", 1, 22},
    {"plain_in_flow_over_lines", "a: [\n  one,\n  two # c\n]\n", "/a/1", plain, "two", "two", 3, 3},
    {"plain_behind_other_alphabets", "{ключ: 1, 画像: nginx}\n", "/画像", plain, "nginx", "nginx", 1, 15},
    {"plain_behind_an_emoji", "[\U0001F600, nginx]\n", "/1", plain, "nginx", "nginx", 1, 5},
    {"plain_of_other_alphabets", "a: é\U0001F600 # c\n", "/a", plain, "é\U0001F600", "é\U0001F600", 1, 4},
    {"plain_behind_a_byte_order_mark",
     "\xef\xbb\xbf"
     "a: nginx\n",
     "/a", plain, "nginx", "nginx", 1, 4},
    {"plain_root", "nginx\n", "", plain, "nginx", "nginx", 1, 1},
    {"plain_root_behind_a_mark", "--- nginx\n", "", plain, "nginx", "nginx", 1, 5},
    {"plain_with_a_question_mark", "a: ?b\n", "/a", plain, "?b", "?b", 1, 4},
    {"plain_with_a_dash", "a: -b\n", "/a", plain, "-b", "-b", 1, 4},
    {"plain_with_quotes_inside", "a: it's \"so\"\n", "/a", plain, "it's \"so\"", "it's \"so\"", 1, 4},

    {"single", "a: 'nginx'\n", "/a", single_quoted, "'nginx'", "nginx", 1, 4},
    {"single_empty", "a: ''\n", "/a", single_quoted, "''", "", 1, 4},
    {"single_with_a_quote", "a: 'it''s'\n", "/a", single_quoted, "'it''s'", "it's", 1, 4},
    {"single_before_a_comment", "a: 'nginx' # c\n", "/a", single_quoted, "'nginx'", "nginx", 1, 4},
    {"single_with_a_hash", "a: 'ngi # nx'\n", "/a", single_quoted, "'ngi # nx'", "ngi # nx", 1, 4},
    {"single_over_lines", "a: 'one\n  two\n\n  three'\n", "/a", single_quoted, "'one\n  two\n\n  three'",
     "one two\nthree", 1, 4},
    {"single_over_lines_with_crlf", "a: 'one\r\n  two'\r\n", "/a", single_quoted, "'one\r\n  two'", "one two", 1, 4},
    {"single_with_a_backslash", "a: 'x\\n'\n", "/a", single_quoted, "'x\\n'", "x\\n", 1, 4},
    {"single_of_other_alphabets", "a: 'é'\n", "/a", single_quoted, "'é'", "é", 1, 4},

    {"double", "a: \"nginx\"\n", "/a", double_quoted, "\"nginx\"", "nginx", 1, 4},
    {"double_empty", "a: \"\"\n", "/a", double_quoted, "\"\"", "", 1, 4},
    {"double_with_escapes", "a: \"n\\u0067inx\\x3a1\\t\\\"\\\\\\/\"\n", "/a", double_quoted,
     "\"n\\u0067inx\\x3a1\\t\\\"\\\\\\/\"", "nginx:1\t\"\\/", 1, 4},
    {"double_ending_with_a_backslash", "a: \"x\\\\\"\n", "/a", double_quoted, "\"x\\\\\"", "x\\", 1, 4},
    {"double_over_lines", "a: \"one\n  two\\\n  three\"\n", "/a", double_quoted, "\"one\n  two\\\n  three\"",
     "one twothree", 1, 4},
    {"double_in_flow", "[\"x\" , \"y\"]\n", "/1", double_quoted, "\"y\"", "y", 1, 8},
    {"double_key_and_value", "\"a b\": \"c\"\n", "/a b", double_quoted, "\"c\"", "c", 1, 8},
    {"double_without_space_in_json", "{\"a\":\"c\"}", "/a", double_quoted, "\"c\"", "c", 1, 6},

    {"literal", "a: |\n  one\n  two\nb: 1\n", "/a", literal, "  one\n  two\n", "one\ntwo\n", 2, 1},
    {"literal_stripped", "a: |-\n  one\nb: 1\n", "/a", literal, "  one\n", "one", 2, 1},
    {"literal_kept", "a: |+\n  one\n\nb: 1\n", "/a", literal, "  one\n\n", "one\n\n", 2, 1},
    {"literal_with_an_indentation", "a: |2\n   one\n  two\n", "/a", literal, "   one\n  two\n", " one\ntwo\n", 2, 1},
    {"literal_with_both_indicators", "a: |1-\n one\nb: 1\n", "/a", literal, " one\n", "one", 2, 1},
    {"literal_with_a_comment_at_its_indicator", "a: | # c\n  one\n", "/a", literal, "  one\n", "one\n", 2, 1},
    {"literal_with_a_hash", "a: |\n  # no comment\n", "/a", literal, "  # no comment\n", "# no comment\n", 2, 1},
    {"literal_with_crlf", "a: |\r\n  one\r\n  two\r\nb: 1\r\n", "/a", literal, "  one\r\n  two\r\n", "one\ntwo\n", 2,
     1},
    // As go-yaml and libyaml read it.
    {"literal_without_a_final_newline", "a: |\n  one", "/a", literal, "  one", "one", 2, 1},
    {"folded", "a: >-\n  nginx\nb: 1\n", "/a", folded, "  nginx\n", "nginx", 2, 1},
    {"folded_over_lines", "a: >\n  one\n  two\n\n  three\n", "/a", folded, "  one\n  two\n\n  three\n",
     "one two\nthree\n", 2, 1},
    {"folded_in_a_sequence", "- >-\n  x\n- 1\n", "/0", folded, "  x\n", "x", 2, 1},

    {"nothing", "a:\nb: 1\n", "/a", none, "", "", 1, 3},
    {"nothing_at_the_end", "b: 1\na:", "/a", none, "", "", 2, 3},
    {"nothing_before_a_comment", "a: # c\nb: 1\n", "/a", none, "", "", 1, 3},
    {"nothing_in_a_sequence", "-\n- 1\n", "/0", none, "", "", 1, 2},
    {"nothing_in_flow", "{a: , b: 1}\n", "/a", none, "", "", 1, 4},
    {"nothing_in_flow_without_a_colon", "{a, b: 1}\n", "/a", none, "", "", 1, 3},
    {"nothing_before_a_key_that_begins_with_a_colon", "? a\n:l: 1\n", "/a", none, "", "", 1, 4},
    {"nothing_before_an_item_that_begins_with_a_dash", "a:\n-b: 1\n", "/a", none, "", "", 1, 3},
    {"nothing_behind_an_anchor", "- &x\n- &y\n- 1\n", "/1", none, "", "", 2, 5},
    {"nothing_behind_a_tag", "a: !t\nb:\n", "/b", none, "", "", 2, 3},
    {"nothing_with_crlf", "a:\r\nb: 1\r\n", "/a", none, "", "", 1, 3},

    {"behind_an_anchor", "a: &x nginx\n", "/a", plain, "nginx", "nginx", 1, 7},
    {"behind_a_tag", "a: !!str 1.25\n", "/a", plain, "1.25", "1.25", 1, 10},
    {"behind_both", "a: !!str &x '1'\n", "/a", single_quoted, "'1'", "1", 1, 13},
    {"behind_both_the_other_way", "a: &x !!str \"1\"\n", "/a", double_quoted, "\"1\"", "1", 1, 13},
    {"behind_a_verbatim_tag", "a: !<tag:yaml.org,2002:str> x\n", "/a", plain, "x", "x", 1, 29},
    {"behind_a_tag_of_one's_own", "a: !secret x\n", "/a", plain, "x", "x", 1, 12},
    {"behind_an_anchor_on_the_line_before", "a: &x\n  nginx\n", "/a", plain, "nginx", "nginx", 2, 3},
    {"literal_behind_an_anchor", "a: &x |\n  one\n", "/a", literal, "  one\n", "one\n", 2, 1},

    {"behind_an_explicit_key", "? a\n: nginx\n", "/a", plain, "nginx", "nginx", 2, 3},
    {"quoted_key", "'a': nginx\n", "/a", plain, "nginx", "nginx", 1, 6},
    {"key_with_a_slash", "a/b~c: nginx\n", "/a~1b~0c", plain, "nginx", "nginx", 1, 8},
    {"empty_key", "'': nginx\n", "/", plain, "nginx", "nginx", 1, 5},
    {"in_a_sequence_of_sequences", "- - x\n  - y\n", "/0/1", plain, "y", "y", 2, 5},
    {"in_a_sequence_at_its_key's_indentation", "a:\n- x\n- y\nb: 1\n", "/a/1", plain, "y", "y", 3, 3},
    {"in_a_mapping_of_a_sequence", "- name: n\n  image: i\n", "/0/image", plain, "i", "i", 2, 10},
    {"behind_a_directive", "%YAML 1.2\n---\na: x\n", "/a", plain, "x", "x", 3, 4},
    {"behind_a_tag_directive", "%TAG !e! tag:example.com,2026:\n---\na: !e!x y\n", "/a", plain, "y", "y", 3, 9},
    {"behind_comments", "# one\n\n# two\na: x\n", "/a", plain, "x", "x", 4, 4},
};

INSTANTIATE_TEST_SUITE_P(Table, YamlSourceScalar, ::testing::ValuesIn(scalars), [](const auto& one) {
  std::string name = one.param.label;
  std::erase(name, '\'');
  return name;
});

struct collection_case {
  const char* label;
  std::string_view text;
  std::string_view pointer;
  bool is_mapping, is_flow;
  std::string_view raw;
  std::uint32_t line, column;
};

void PrintTo(const collection_case& c, std::ostream* out) { *out << c.label; }

class YamlSourceCollection : public ::testing::TestWithParam<collection_case> {};

TEST_P(YamlSourceCollection, SpansItsContent) {
  const auto& c = GetParam();
  const source s = read(c.text);
  expect_sound(c.text, s);
  ASSERT_EQ(s.documents.size(), 1U);
  const auto& doc = s.documents[0];
  const auto at = doc.at_pointer(doc.root, c.pointer);
  ASSERT_NE(at, no_node);
  const auto& n = doc.at(at);
  EXPECT_EQ(n.kind, c.is_mapping ? source_kind::mapping : source_kind::sequence);
  EXPECT_EQ(n.is_flow, c.is_flow);
  EXPECT_EQ(raw(c.text, n), c.raw);
  EXPECT_EQ(n.line, c.line);
  EXPECT_EQ(n.column, c.column);
}

const collection_case collections[] = {
    {"root", "# c\na: 1\nb: 2\n# d\n", "", true, false, "a: 1\nb: 2", 2, 1},
    {"block_mapping", "a:\n  b: 1\n  c: 2 # d\n# e\nf: 1\n", "/a", true, false, "b: 1\n  c: 2", 2, 3},
    {"block_sequence", "a:\n  - 1\n  - 2\n\nf: 1\n", "/a", false, false, "- 1\n  - 2", 2, 3},
    {"block_sequence_at_its_key's_indentation", "a:\n- 1\n- 2\nf: 1\n", "/a", false, false, "- 1\n- 2", 2, 1},
    {"mapping_in_a_sequence", "- a: 1\n  b: 2\n- c\n", "/0", true, false, "a: 1\n  b: 2", 1, 3},
    {"sequence_in_a_sequence", "- - 1\n  - 2\n- c\n", "/0", false, false, "- 1\n  - 2", 1, 3},
    {"flow_mapping", "a: {b: 1 , c: 2 } # d\n", "/a", true, true, "{b: 1 , c: 2 }", 1, 4},
    {"flow_sequence", "a: [1,2, ] # d\n", "/a", false, true, "[1,2, ]", 1, 4},
    {"empty_flow", "a: {}\nb: []\n", "/b", false, true, "[]", 2, 4},
    {"flow_over_lines", "a: [\n  1, # x\n  2\n  ]\n", "/a", false, true, "[\n  1, # x\n  2\n  ]", 1, 4},
    {"flow_pair", "a: [b: 1, c]\n", "/a/0", true, false, "b: 1", 1, 5},
    {"json", "{\"a\": {\"b\": [1, {\"c\": null}]}}\n", "/a/b/1", true, true, "{\"c\": null}", 1, 17},
    {"behind_an_anchor", "a: &x\n  b: 1\nc: 1\n", "/a", true, false, "b: 1", 2, 3},
    {"behind_a_tag", "a: !!map\n  b: 1\nc: 1\n", "/a", true, false, "b: 1", 2, 3},
    {"flow_behind_an_anchor", "a: &x [1]\n", "/a", false, true, "[1]", 1, 7},
    {"with_an_empty_last_value", "a:\n  b: 1\n  c:\nd: 1\n", "/a", true, false, "b: 1\n  c:", 2, 3},
    {"with_a_literal_at_its_end", "a:\n  b: |\n    x\nd: 1\n", "/a", true, false, "b: |\n    x\n", 2, 3},
    {"with_crlf", "a:\r\n  b: 1\r\n  c: 2\r\nd: 1\r\n", "/a", true, false, "b: 1\r\n  c: 2", 2, 3},
    {"with_nested_ends", "a:\n  b:\n    - c:\n        - 1\nd: 1\n", "/a", true, false, "b:\n    - c:\n        - 1", 2,
     3},
};

INSTANTIATE_TEST_SUITE_P(Table, YamlSourceCollection, ::testing::ValuesIn(collections), [](const auto& one) {
  std::string name = one.param.label;
  std::erase(name, '\'');
  return name;
});

TEST(YamlSource, NotesAnchorsAndTags) {
  const std::string_view text = "a: &x 1\nb: !!str 1\nc: 1\nd: &y !t {e: 1}\nf: &z [1]\n";
  const source s = read(text);
  const auto& doc = s.documents[0];
  const auto is = [&](std::string_view key, bool anchor, bool tag) {
    const auto& n = doc.at(doc.find(doc.root, key));
    EXPECT_EQ(n.has_anchor, anchor) << key;
    EXPECT_EQ(n.has_tag, tag) << key;
  };
  is("a", true, false);
  is("b", false, true);
  is("c", false, false);
  is("d", true, true);
  is("f", true, false);
}

TEST(YamlSource, AliasesKnowTheirAnchorsAndTheirBytes) {
  const std::string_view text = "a: &x nginx:1\nb: *x\nc: [*x , *x]\nd: &m {e: 1}\nf: *m\n";
  const source s = read(text);
  expect_sound(text, s);
  const auto& doc = s.documents[0];
  const auto b = doc.find(doc.root, "b");
  ASSERT_EQ(doc.at(b).kind, source_kind::alias);
  EXPECT_EQ(raw(text, doc.at(b)), "*x");
  EXPECT_EQ(doc.at(b).text, "x");
  EXPECT_EQ(doc.at(b).line, 2U);
  EXPECT_EQ(doc.at(b).column, 4U);
  EXPECT_EQ(doc.resolve(b), doc.find(doc.root, "a"));
  EXPECT_EQ(doc.text_of(doc.root, "b"), "nginx:1");
  const auto last = doc.at_pointer(doc.root, "/c/1");
  EXPECT_EQ(raw(text, doc.at(last)), "*x");
  EXPECT_EQ(doc.at(last).column, 10U);
  EXPECT_EQ(doc.at_pointer(doc.root, "/f/e"), doc.at_pointer(doc.root, "/d/e"));
}

TEST(YamlSource, AnAnchorMayBeGivenAgain) {
  const std::string_view text = "a: &x 1\nb: *x\nc: &x 2\nd: *x\n";
  const source s = read(text);
  expect_sound(text, s);
  const auto& doc = s.documents[0];
  EXPECT_EQ(doc.text_of(doc.root, "b"), "1");
  EXPECT_EQ(doc.text_of(doc.root, "d"), "2");
}

TEST(YamlSource, AnAnchorOfAnAliasedNodeIsThatNode) {
  const source s = read("a: &x\nb: *x\n");
  const auto& doc = s.documents[0];
  const auto b = doc.find(doc.root, "b");
  ASSERT_EQ(doc.at(b).kind, source_kind::alias);
  EXPECT_TRUE(doc.is_null(doc.resolve(b)));
  EXPECT_TRUE(doc.is_null(b));
}

TEST(YamlSource, AliasesAsKeys) {
  const std::string_view text = "a: &k image\n*k : nginx\n";
  const source s = read(text);
  expect_sound(text, s);
  const auto& doc = s.documents[0];
  EXPECT_EQ(doc.text_of(doc.root, "image"), "nginx");
}

TEST(YamlSource, AnchorsEndWithTheirDocument) {
  const auto got = read_source("a: &x 1\n---\nb: *x\n");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::malformed);
  EXPECT_THAT(got.error().message, StartsWith("line 3, column 4: "));
  EXPECT_THAT(got.error().message, HasSubstr("x"));
}

TEST(YamlSource, RefusesAliasesWithoutAnAnchor) {
  for (const std::string_view text : {"a: *x\n", "a: *x\nb: &x 1\n", "[*x]\n", "*x\n", "a: 1\n<<: *x\n"}) {
    const auto got = read_source(text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, error_code::malformed) << text;
    EXPECT_THAT(got.error().message, StartsWith("line ")) << text;
  }
}

// By libfyaml 0.7 they are; another release may refuse the text by itself.
TEST(YamlSource, RefusesValuesInsideOfOthers) {
  for (const char* text : {"a: : : |\n    : 0", "a: : : >\n    : b\n    : c\n"}) {
    const auto refused = read_source(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_THAT(refused.error().message, HasSubstr("line ")) << text;
  }
  EXPECT_TRUE(read_source("[&x a: 1, ? b, : c, \"d\": {e: [f: g]}, *x : h, [i]: j]\n"));
}

TEST(YamlSource, RefusesLongKeysInsideOfKeys) {
  for (const char* text : {"? ? e\n  : v\n: w\n", "? - ? e\n    : v\n: w\n", "? &a\n  # b\n  ? e\n  : v\n: w\n",
                           "? a: b\n  ? e\n  : v\n: w\n", "? a:\n    ? e\n    : v\n: w\n", "? ?\n  :\n:"}) {
    const auto refused = read_source(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_THAT(refused.error().message, HasSubstr("a \"?\" inside of a key")) << text;
  }
  for (const char* text : {"? {e: v}\n: w\n", "? a\n: ? b\n  : c\n", "? - a: ?b\n: w\n", "- ? a\n  : ? c\n    : d\n"})
    EXPECT_TRUE(read_source(text)) << text;
}

TEST(YamlSource, RefusesAliasesInsideOfTheirAnchor) {
  for (const std::string_view text :
       {"a: &x [*x]\n", "&x {a: *x}\n", "a: &x\n  b:\n    - *x\n", "a: &x\n  <<: *x\n", "a: &x\n  *x : 1\n"}) {
    const auto got = read_source(text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, error_code::malformed) << text;
    EXPECT_THAT(got.error().message, StartsWith("line ")) << text;
  }
}

TEST(YamlSource, FindsThroughMergeKeys) {
  const source s = read(
      "base: &base {image: nginx, pull: Always}\n"
      "more: &more {pull: Never, arg: x}\n"
      "one:\n  <<: *base\n  name: one\n"
      "own:\n  image: redis\n  <<: *base\n"
      "two:\n  <<: [*base, *more]\n"
      "deep: &deep\n  <<: *more\n  own: 1\n"
      "deeper:\n  <<: *deep\n"
      "inline:\n  <<: {image: busybox}\n"
      "quoted:\n  '<<': *base\n");
  const auto& doc = s.documents[0];
  const auto text_at = [&](std::string_view mapping, std::string_view key) {
    return doc.text_of(doc.find(doc.root, mapping), key);
  };
  EXPECT_EQ(text_at("one", "image"), "nginx");
  EXPECT_EQ(text_at("one", "name"), "one");
  EXPECT_EQ(text_at("own", "image"), "redis");
  EXPECT_EQ(text_at("two", "pull"), "Always");
  EXPECT_EQ(text_at("two", "arg"), "x");
  EXPECT_EQ(text_at("deeper", "arg"), "x");
  EXPECT_EQ(text_at("inline", "image"), "busybox");
  EXPECT_EQ(doc.find(doc.find(doc.root, "one"), "absent"), no_node);
}

// A chain costs the square of its length, since each mapping is searched with all that it merges.
TEST(YamlSource, RefusesMergeKeysThatBringInTooMuch) {
  const auto chain = [](std::size_t length) {
    std::string out = "x0: &x0 {a: 1}\n";
    for (std::size_t i = 1; i <= length; ++i) {
      const std::string name = "x" + std::to_string(i);
      out.append(name).append(": &").append(name).append("\n  <<: *x").append(std::to_string(i - 1));
      out.append("\n  b: 1\n");
    }
    return out;
  };
  // The sum of 1 to 700 is below a quarter of a million, that of 1 to 800 is not.
  const std::string good = chain(700);
  const source s = read(good);
  const auto& doc = s.documents.at(0);
  EXPECT_EQ(doc.text_of(doc.find(doc.root, "x700"), "a"), "1");
  const auto refused = read_source(chain(800));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("its merge keys bring in more than 262144 mappings"));
  // Many mappings that merge the same ones are no chain, in any number; nor are those of another document.
  std::string many = "a: &a {x: 1}\nb: &b {<<: *a}\nc: &c {<<: [*a, *b]}\nd:\n";
  for (int i = 0; i < 50'000; ++i) many += "- {<<: *c, y: 2}\n";
  EXPECT_TRUE(read_source(many));
  EXPECT_TRUE(read_source(good + "---\n" + good));
}

TEST(YamlSource, FindsTheFirstOfTwoEqualKeys) {
  const source s = read("a: 1\na: 2\n");
  const auto& doc = s.documents[0];
  EXPECT_EQ(doc.text_of(doc.root, "a"), "1");
  EXPECT_EQ(doc.nodes.size(), 5U);
}

TEST(YamlSource, PointersLeadNowhereWithoutHarm) {
  const source s = read("a: [x]\nb: 1\n");
  const auto& doc = s.documents[0];
  for (const std::string_view pointer :
       {"/c", "/a/1", "/a/-1", "/a/x", "/a/00", "/a/99999999999999999999", "/b/c", "a", "/a/"})
    EXPECT_EQ(doc.at_pointer(doc.root, pointer), no_node) << pointer;
  EXPECT_EQ(doc.at_pointer(no_node, "/a"), no_node);
  EXPECT_EQ(doc.at_pointer(doc.root, ""), doc.root);
  EXPECT_EQ(doc.find(doc.find(doc.root, "b"), "c"), no_node);
  EXPECT_EQ(doc.find(no_node, "c"), no_node);
  EXPECT_EQ(doc.text_of(doc.root, "a"), "");
  EXPECT_EQ(doc.text_of(doc.root, "c"), "");
}

TEST(YamlSource, TellsNullFromText) {
  const source s =
      read("a:\nb: ~\nc: null\nd: Null\ne: NULL\nf: 'null'\ng: ''\nh: none\ni: |\n  null\nj: []\nk: nULL\n");
  const auto& doc = s.documents[0];
  for (const std::string_view key : {"a", "b", "c", "d", "e"}) EXPECT_TRUE(doc.is_null(doc.find(doc.root, key))) << key;
  for (const std::string_view key : {"f", "g", "h", "i", "j", "k"})
    EXPECT_FALSE(doc.is_null(doc.find(doc.root, key))) << key;
}

TEST(YamlSource, KeysOfAnyKind) {
  const std::string_view text = "? [a, b]\n: x\n? {c: d}\n: y\n? |\n  e\n: z\n1: one\nnull: n\n? f\n";
  const source s = read(text);
  expect_sound(text, s);
  const auto& doc = s.documents[0];
  EXPECT_EQ(doc.text_of(doc.root, "e\n"), "z");
  EXPECT_EQ(doc.text_of(doc.root, "1"), "one");
  EXPECT_NE(doc.find(doc.root, "f"), no_node);
  EXPECT_EQ(doc.find(doc.root, "a"), no_node);
}

TEST(YamlSource, KeysKnowTheirBytes) {
  const std::string_view text = "'a b' : 1\n\"c\":\n  d: 2\n";
  const source s = read(text);
  const auto& doc = s.documents[0];
  const auto first = doc.at(doc.root).first;
  EXPECT_EQ(raw(text, doc.at(first)), "'a b'");
  EXPECT_EQ(doc.at(first).column, 1U);
  const auto second = doc.at(doc.at(first).next).next;
  EXPECT_EQ(raw(text, doc.at(second)), "\"c\"");
  EXPECT_EQ(doc.at(second).line, 2U);
}

}  // namespace
}  // namespace pinhook::yaml
