#include <pinhook/yaml/document.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::yaml {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

node parsed(std::string_view text) {
  auto root = parse(text);
  if (!root) {
    ADD_FAILURE() << root.error().message << " in:\n" << text;
    return {};
  }
  return std::move(*root);
}

TEST(YamlDocument, KeepsKindsTextsAndPlaces) {
  const node root = parsed(
      "# a comment\n"
      "listen: 0.0.0.0:8443\n"
      "tls:\n"
      "  cert_file: \"/a b\"   # another\n"
      "list: [one, 'two']\n"
      "block:\n"
      "  - x: 1\n"
      "    y: |\n"
      "      text\n");
  ASSERT_EQ(root.kind, node_kind::mapping);
  ASSERT_EQ(root.members.size(), 4U);
  EXPECT_EQ(root.members[0].key, "listen");
  EXPECT_EQ(root.members[0].value.text, "0.0.0.0:8443");
  EXPECT_EQ(root.members[0].value.style, scalar_style::plain);
  EXPECT_EQ(root.members[0].line, 2U);
  EXPECT_EQ(root.members[0].column, 1U);
  const node* file = root.find("tls")->find("cert_file");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->text, "/a b");
  EXPECT_EQ(file->style, scalar_style::quoted);
  EXPECT_EQ(file->line, 4U);
  EXPECT_EQ(file->column, 14U);
  ASSERT_EQ(root.find("list")->items.size(), 2U);
  EXPECT_EQ(root.find("list")->items[1].text, "two");
  EXPECT_EQ(root.find("block")->items.at(0).find("y")->text, "text\n");
  EXPECT_EQ(root.find("nothing"), nullptr);
}

// Whatever libfyaml says of values that are not written: 0.7 gives them no place, 0.8 one further up.
TEST(YamlDocument, PlacesWhatIsNotWrittenAtItsKeyOrList) {
  struct sample {
    std::string_view text;
    std::size_t line;
    std::size_t column;
  };
  for (const auto& s :
       {sample{"a: 1\nb:\n", 2, 1}, sample{"a: {b: 1, c: }\n", 1, 11}, sample{"a:\n  b: 1\n  c:\n", 3, 3},
        sample{"a: 1\nb:\n  -\n", 3, 3}, sample{"a: 1\nb: [x, {y: }]\n", 2, 9}, sample{"---\n", 1, 1}}) {
    const node root = parsed(s.text);
    const node* at = &root;
    while (at->kind != node_kind::scalar)
      at = at->kind == node_kind::mapping ? &at->members.back().value : &at->items.back();
    EXPECT_TRUE(at->is_null()) << s.text;
    EXPECT_EQ(at->line, s.line) << s.text;
    EXPECT_EQ(at->column, s.column) << s.text;
  }
}

TEST(YamlDocument, TellsNullFromText) {
  const node root = parsed("a:\nb: ~\nc: null\nd: 'null'\ne: ''\nf: none\n");
  EXPECT_TRUE(root.find("a")->is_null());
  EXPECT_TRUE(root.find("b")->is_null());
  EXPECT_TRUE(root.find("c")->is_null());
  EXPECT_FALSE(root.find("d")->is_null());
  EXPECT_FALSE(root.find("e")->is_null());
  EXPECT_FALSE(root.find("f")->is_null());
}

TEST(YamlDocument, EmptyTextsAreNull) {
  for (const char* text : {"", "\n", "# only a comment\n", "---\n", "---\n...\n"})
    EXPECT_TRUE(parsed(text).is_null()) << text;
}

TEST(YamlDocument, RefusesWhatAConfigurationDoesNotNeed) {
  struct sample {
    const char* text;
    const char* place;
    const char* reason;
  };
  for (const sample& s : {
           sample{"a: &x 1\nb: *x\n", "line 1, ", "anchor"},
           sample{"a: 1\nb: *x\n", "line 2, column 4", "alias"},
           sample{"a: !!str 1\n", "line 1, ", "tag"},
           sample{"a: 1\n---\nb: 2\n", "line 2, column 1", "second document"},
           sample{"a: 1\nb: 2\na: 3\n", "line 3, column 1", "duplicate key \"a\""},
           sample{"? [x, y]\n: 1\n", "line 1, ", "key must be text"},
       }) {
    const auto root = parse(s.text);
    ASSERT_FALSE(root) << s.text;
    EXPECT_EQ(root.error().code, error_code::malformed);
    EXPECT_THAT(root.error().message, StartsWith(s.place)) << s.text;
    EXPECT_THAT(root.error().message, HasSubstr(s.reason)) << s.text;
  }
}

TEST(YamlDocument, SaysWhereTheSyntaxIsWrong) {
  struct sample {
    const char* text;
    const char* line;
  };
  for (const sample& s :
       {sample{"a: 1\nb: [1, 2\nc: 3\n", "line "}, sample{"a: 1\n\tb: 2\n", "line 1"}, sample{"a: 'open\n", "line "},
        sample{"a: {b: 1\n", "line "}, sample{"a: \"\\q\"\n", "line 1"}, sample{"a: 1\n b: 2\n", "line 1"}}) {
    const auto root = parse(s.text);
    ASSERT_FALSE(root) << s.text;
    EXPECT_EQ(root.error().code, error_code::malformed);
    EXPECT_THAT(root.error().message, StartsWith(s.line)) << s.text;
  }
}

TEST(YamlDocument, LimitsSizeAndDepth) {
  parse_limits limits;
  limits.size = 10;
  EXPECT_TRUE(parse("a: 1234567", limits));
  const auto big = parse("a: 12345678", limits);
  ASSERT_FALSE(big);
  EXPECT_THAT(big.error().message, HasSubstr("limit is 10"));

  limits = {};
  limits.depth = 3;
  EXPECT_TRUE(parse("[[[1]]]", limits));
  const auto deep = parse("[[[[1]]]]", limits);
  ASSERT_FALSE(deep);
  EXPECT_THAT(deep.error().message, HasSubstr("deeper than 3"));
}

TEST(YamlDocument, SurvivesDepthThatWouldOverflowAStack) {
  for (const char* opening : {"[", "{a: ", "- "}) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += opening;
    EXPECT_FALSE(parse(text)) << opening;
  }
}

TEST(YamlDocument, RefusesBytesThatAreNoText) {
  EXPECT_FALSE(parse(std::string_view("a: \0b\n", 6)));
  EXPECT_FALSE(parse("a: \xff\xfe\n"));
  // Overlong: libfyaml 0.7 takes it in a quoted text, and leaks.
  const auto overlong = parse("'\xe0\x91\xb2'");
  ASSERT_FALSE(overlong);
  EXPECT_EQ(overlong.error().message, "line 1, column 2: invalid UTF-8");
}

// Each of these made libfyaml free memory twice.
TEST(YamlDocument, RefusesTabsBeforeBlocksBehindLongKeys) {
  for (const std::string_view text : {"? a:\t:", "? a:\t|\n", "? a: \t >\n", "b: 1\n? a:\t- x\n", "? a:\t? b\n"}) {
    const auto read = parse(text);
    ASSERT_FALSE(read) << text;
    EXPECT_NE(read.error().message.find("a tab before the beginning of a block"), std::string::npos)
        << read.error().message;
  }
  for (const std::string_view text : {"a:\tb\n", "a: 'what? :\tb'\n", "a: x # ? :\tb\n"})
    EXPECT_TRUE(parse(text)) << text;
}

TEST(YamlDocument, EveryPrefixOfADocumentIsReadOrRefused) {
  const std::string whole =
      "registries:\n  localhost:5000: {plain_http: true}\n  'a': \"b\\n\"\nlist:\n  - [x, y]\n  - >-\n    z\n";
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    const auto root = parse(std::string_view(whole).substr(0, n));
    if (!root) {
      EXPECT_EQ(root.error().code, error_code::malformed) << n;
    }
  }
}

}  // namespace
}  // namespace pinhook::yaml
