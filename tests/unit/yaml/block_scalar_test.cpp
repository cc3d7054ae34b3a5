#include <pinhook/yaml/any_source.hpp>
#include <pinhook/yaml/document.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::yaml {
namespace {

// The values at /a/image, /a/- and /a/text by both readers; libyaml gives the same.
struct read_block_case {
  std::string_view text;
  std::string_view pointer;
  std::string_view value;
};

const read_block_case empty_blocks[] = {
    {"a:\n  text: |\n  image: nginx\n", "/a/image", "nginx"},
    {"a:\n  text: |\n  image: nginx\n", "/a/text", ""},
    {"a:\n  text: >-\n\n\n  image: nginx\n", "/a/image", "nginx"},
    {"a:\n  text: |+\n\n\n  image: nginx\n", "/a/text", "\n\n"},
    {"a:\n  text: |2-  # nothing\n  image: nginx\n", "/a/image", "nginx"},
    {"a:\n  text: |\n  # a comment\n  image: nginx\n", "/a/image", "nginx"},
    {"a:\n  text: !!str |\n  image: nginx\n", "/a/image", "nginx"},
    {"a:\n  text: &t >\n  image: nginx\n", "/a/image", "nginx"},
    {"a:\n  \"a | b\": |  # c | d\n  image: nginx\n", "/a/image", "nginx"},
    {"a:\n- name: b\n  text: |\n  image: nginx\n", "/a/0/image", "nginx"},
    {"a:\n  - name: &x b\n    one: |\n    two: >\n    three: |-\n    image: nginx\n  - *x\n", "/a/0/image", "nginx"},
    {"a:\n  - - name: |\n      image: nginx\n", "/a/0/0/image", "nginx"},
    {"a:\n  - |\n  - nginx\n", "/a/1", "nginx"},
    {"a:\r\n  text: |\r\n  image: nginx\r\n", "/a/image", "nginx"},
    {"a:\n  ? text\n  : |\n  ? image\n  : nginx\n", "/a/image", "nginx"},
    {"- &x a: |\n    nginx\n", "/0/a", "nginx\n"},
    {"a:\n  text: |", "/a/text", ""},
    {"a:\n  text: |\n", "/a/text", ""},
    {"a: >\n\rimage: nginx", "/image", "nginx"},
    {"a: >\n\r?\rimage: nginx", "/image", "nginx"},
    {"a: |+\n\r\r\nimage: nginx", "/a", "\n\n"},
    {"a: >\rimage: nginx\r", "/image", "nginx"},
    {"a:\r  text: >-\r  image: nginx\r", "/a/image", "nginx"},
};

TEST(BlockScalar, WithoutALineTakesNoKeyForItsText) {
  for (const read_block_case& one : empty_blocks) {
    for (const bool is_any : {false, true}) {
      const auto read = is_any ? read_any_source(one.text, {}) : read_source(one.text);
      ASSERT_TRUE(read) << one.text << read.error().message;
      const source_document& doc = read->documents[0];
      EXPECT_EQ(doc.at(doc.at_pointer(doc.root, one.pointer)).text, one.value) << one.text << one.pointer;
      std::size_t begin = 0;
      for (const source_node& n : doc.nodes) {
        EXPECT_LE(begin, n.span.begin) << one.text;
        begin = n.span.begin;
      }
    }
  }
}

const read_block_case blocks[] = {
    {"a: !x >\n  one\n  two\n\n  three\n", "/a", "one two\nthree\n"},
    {"a: !x >-\n  run \\\n    nginx \\\n    serve\n", "/a", "run \\\n  nginx \\\n  serve"},
    {"a: !x >\n  run\\\n  nginx\n", "/a", "run\\ nginx\n"},
    {"a: !x >\n\n  one\n\n\n    two\n\n  three\n\n\n", "/a", "\none\n\n\n  two\n\nthree\n"},
    {"a: !x |+\n  one\n\n  two\n\nb: c\n", "/a", "one\n\ntwo\n\n"},
    {"a: !x |1\n  one\n   two\n", "/a", " one\n  two\n"},
    {"a:\n- !x |2-\n    one\n", "/a/0", "  one"},
    {"a: !x |\n  one\n   \n  two", "/a", "one\n \ntwo"},
    {"a: !x |\r\n  one\r\n  two\r\n", "/a", "one\ntwo\n"},
    {"a: !x |\r  one\r  two\rb: c\r", "/a", "one\ntwo\n"},
    {"a: !x |\r  one\r  two\rb: c\r", "/b", "c"},
    {"a: !x\r  >-\r #one\rb: c\r", "/a", "#one"},
    {"a: !x\n  >-\n #one\n", "/a", "#one"},
    {"a: !x\n  |\n\n \n #one\n # two\n\nb: c\n", "/a", "\n\n#one\n# two\n"},
    {"a: !x\n  |\n\n \n #one\n # two\n\nb: c\n", "/b", "c"},
    {"- !x\n   |+\n  #one\n\n# a comment\n- b\n", "/0", "#one\n\n"},
    {"- !x\n   |+\n  #one\n\n# a comment\n- b\n", "/1", "b"},
    {"a:\n  b: !x\n    |\n  # a comment\n  c: d\n", "/a/b", ""},
    {"a:\n  b: !x\n    |\n  # a comment\n  c: d\n", "/a/c", "d"},
};

TEST(BlockScalar, HasTheValueThatYamlGivesIt) {
  for (const read_block_case& one : blocks) {
    const auto read = read_source(one.text);
    ASSERT_TRUE(read) << one.text << read.error().message;
    const source_document& doc = read->documents[0];
    EXPECT_EQ(doc.at(doc.at_pointer(doc.root, one.pointer)).text, one.value) << one.text;
  }
}

TEST(BlockScalar, ManyWithoutALineBehindEachOtherAreRefusedInWords) {
  std::string text = "a: !x\n";
  for (int i = 0; i < 150; ++i) text += fmt::format("  b{}: |\n", i);
  const auto read = read_source(text);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, ::testing::HasSubstr("more than 100 blocks without a line"));
  EXPECT_TRUE(read_source("a:\n" + text.substr(6)));
}

TEST(BlockScalar, WithoutALineInAConfigurationTakesNoKeyEither) {
  const auto read = parse(
      "rules:\n  - message: |\n    action: deny\n    images: >-\n\n    require: |\n      x\nhelp: |\nlisten: ''\n");
  ASSERT_TRUE(read) << read.error().message;
  const node& rule = read->find("rules")->items[0];
  EXPECT_EQ(rule.find("message")->text, "");
  EXPECT_FALSE(rule.find("message")->is_null());
  ASSERT_NE(rule.find("action"), nullptr);
  EXPECT_EQ(rule.find("action")->text, "deny");
  EXPECT_EQ(rule.find("action")->line, 3U);
  EXPECT_EQ(rule.find("require")->text, "x\n");
  EXPECT_EQ(read->find("help")->text, "");
}

const read_block_case quotes[] = {
    {"a: !x '''''=b'\n", "/a", "''=b"},
    {"a: !x 'one''''''two'\n", "/a", "one'''two"},
    {"a: !x 'one  \n\n  two ''\n  three'\n", "/a", "one\ntwo ' three"},
    {"a: !x \"one \\\n  two\\\n\n  three\"\n", "/a", "one two\nthree"},
    {"a: !x \"one\\  \n  two\"\n", "/a", "one  two"},
    {"a: !x \"\\x41\\u00e4\\U0001F600\\t\\/\\\"\\_\"\n", "/a", "Aä\U0001F600\t/\"\xc2\xa0"},
    {"a: !x \"b\\\\\n  c\"\n", "/a", "b\\ c"},
};

TEST(QuotedText, HasTheValueThatYamlGivesIt) {
  for (const read_block_case& one : quotes) {
    const auto read = read_source(one.text);
    ASSERT_TRUE(read) << one.text << read.error().message;
    const source_document& doc = read->documents[0];
    EXPECT_EQ(doc.text_of(doc.root, "a"), one.value) << one.text;
  }
}

}  // namespace
}  // namespace pinhook::yaml
