#include <pinhook/yaml/embedded.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pinhook::yaml {
namespace {

node_index text_at(const source& from, std::string_view key) {
  return from.documents[0].resolve(from.documents[0].find(from.documents[0].root, key));
}

// Every scalar of the inner text has the same bytes, line and column in the file.
void expect_places(std::string_view text, std::string_view key) {
  SCOPED_TRACE(text);
  const auto outer = read_source(text);
  ASSERT_TRUE(outer) << outer.error().message;
  const auto inner = read_embedded(outer->documents[0], text, text_at(*outer, key));
  ASSERT_TRUE(inner) << inner.error().message;
  ASSERT_FALSE(inner->documents.empty());
  for (const source_document& doc : inner->documents) {
    for (const source_node& one : doc.nodes) {
      if (one.kind != source_kind::scalar || one.form != scalar_form::plain) continue;
      EXPECT_EQ(text.substr(one.span.begin, one.span.size()), one.text);
      std::size_t line = 1, column = 1;
      for (std::size_t i = 0; i < one.span.begin; ++i) {
        if (text[i] == '\n')
          ++line, column = 1;
        else if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U)
          ++column;
      }
      EXPECT_EQ(one.line, line) << one.text;
      EXPECT_EQ(one.column, column) << one.text;
    }
  }
}

TEST(Embedded, HasItsPlacesInTheFile) {
  for (const std::string_view text : {
           "v: |\n  a: b\n  c:\n    - d\n",
           "x: 1\nv: |\n\n  a: b\n\n\n  c: {d: e}\ny: 2\n",
           "v: |-\n      a: b\n      c: d",
           "v: |+\n  a: b\n\n\n",
           "v: |4\n      a: b\n",
           "v: |\r\n  a: b\r\n  c: d\r\n",
           "v: |\n  ä: ö # ü\n  é: b\n",
           "v: | # a comment\n  a: b\n  ---\n  c: d\n",
           "v: |\n  a: |\n    text\n  c: d\n",
           "x: 1\nv: 'a: b'\n",
           "v: \"{a: b, ä: [c, d]}\" # e\n",
           "ä: ö\nv:   '{\"x\": {a: ü, b: c}}'\n",
       })
    expect_places(text, "v");
}

// A scalar of the inner text and its bytes in the file.
struct place_case {
  std::string_view text, scalar, written;
  std::size_t line, column;
};

TEST(Embedded, FindsBytesThatStandForOthers) {
  const place_case cases[] = {
      {"v: \"a: b:1\\nc: d:1\\n\"\n", "d:1", "d:1", 1, 16},
      {"v: \"{\\\"a\\\": \\\"b:1\\\"}\"\n", "b:1", "\\\"b:1\\\"", 1, 13},
      {"v: \"\\u00e4: \\x62:1\\x20\"\n", "b:1", "\\x62:1", 1, 13},
      {"v: \"a:\\\n    \\ b:1\"\n", "b:1", "b:1", 2, 7},
      {"v: \"{a: 1,\n\n    b: c:1}\"\n", "c:1", "c:1", 3, 8},
      {"v: 'a: ''b:1'''\n", "b:1", "''b:1''", 1, 8},
      {"v: '{a: 1,  \r\n    b: ''c:1''}'\r\n", "c:1", "''c:1''", 2, 8},
      {"v: >\n  {a: 1,\n   b: c:1}\n", "c:1", "c:1", 3, 7},
      {"v: >-\n  {\"a\": 1,\n  \"b\": \"c:1\"}\n", "c:1", "\"c:1\"", 3, 8},
      {"v: >\n\n  a:\n    b: c:1\n\n    d: e:1\n\n  f: g:1\n", "e:1", "e:1", 6, 8},
      {"v: >\n\n  a:\n    b: c:1\n\n    d: e:1\n\n  f: g:1\n", "g:1", "g:1", 8, 6},
      {"v: >2\n   a: b:1\r\n\r\n", "b:1", "b:1", 2, 7},
      {"v: >+\n  a: b:1\n\n\nw: 1\n", "b:1", "b:1", 2, 6},
  };
  for (const place_case& one : cases) {
    SCOPED_TRACE(one.text);
    const auto outer = read_source(one.text);
    ASSERT_TRUE(outer) << outer.error().message;
    const auto inner = read_embedded(outer->documents[0], one.text, text_at(*outer, "v"));
    ASSERT_TRUE(inner) << inner.error().message;
    EXPECT_FALSE(inner->documents[0].has_comments);
    bool is_found = false;
    for (const source_node& node : inner->documents[0].nodes) {
      if (node.kind != source_kind::scalar || node.text != one.scalar) continue;
      is_found = true;
      EXPECT_EQ(one.text.substr(node.span.begin, node.span.size()), one.written);
      EXPECT_EQ(node.line, one.line);
      EXPECT_EQ(node.column, one.column);
    }
    EXPECT_TRUE(is_found);
  }
}

TEST(Embedded, RefusesOtherScalarsAndTextInSuchText) {
  for (const std::string_view text : {"v: a\n", "v: {a: b}\n", "v: ''\n"}) {
    const auto outer = read_source(text);
    ASSERT_TRUE(outer);
    const auto inner = read_embedded(outer->documents[0], text, text_at(*outer, "v"));
    ASSERT_FALSE(inner) << text;
    EXPECT_EQ(inner.error().code, error_code::unsupported) << text;
  }
  const std::string_view text = "v: '{w: \"a: b\"}'\n";
  const auto outer = read_source(text);
  const auto inner = read_embedded(outer->documents[0], text, text_at(*outer, "v"));
  ASSERT_TRUE(inner);
  const auto innermost = read_embedded(inner->documents[0], text, text_at(*inner, "w"));
  ASSERT_FALSE(innermost);
  EXPECT_EQ(innermost.error().code, error_code::unsupported);
}

TEST(Embedded, WritesBytesAsTheyMustBe) {
  EXPECT_EQ(encoded("a\"b\\c\n", text_encoding::double_quoted).value(), "a\\\"b\\\\c\\n");
  EXPECT_EQ(encoded("it's \"b\"", text_encoding::single_quoted).value(), "it''s \"b\"");
  EXPECT_EQ(encoded("it's \"b\"", text_encoding::folded).value(), "it's \"b\"");
  EXPECT_EQ(encoded("a\nb", text_encoding::none).value(), "a\nb");
  EXPECT_FALSE(encoded("a\nb", text_encoding::folded));
  EXPECT_FALSE(encoded("a\nb", text_encoding::single_quoted));
}

TEST(Embedded, ReportsTextThatIsNotYaml) {
  const std::string_view text = "v: |\n  a: [b\n";
  const auto outer = read_source(text);
  const auto inner = read_embedded(outer->documents[0], text, text_at(*outer, "v"));
  ASSERT_FALSE(inner);
  EXPECT_EQ(inner.error().code, error_code::malformed);
}

}  // namespace
}  // namespace pinhook::yaml
