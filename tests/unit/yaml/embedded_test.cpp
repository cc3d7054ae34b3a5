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

// In quotes, bytes that are not the text's: escapes, doubled quotes, a line that is folded.
TEST(Embedded, TakesTextThatIsInTheFileAsItIs) {
  for (const std::string_view text : {"v: >\n  a: b\n", "v: \"a: b\\n\"\n", "v: a\n", "v: {a: b}\n", "v: 'a: ''b'''\n",
                                      "v: 'a:\n  b'\n", "v: \"a: \\\"b\\\"\"\n", "v: ''\n"}) {
    const auto outer = read_source(text);
    ASSERT_TRUE(outer);
    const auto inner = read_embedded(outer->documents[0], text, text_at(*outer, "v"));
    ASSERT_FALSE(inner) << text;
    EXPECT_EQ(inner.error().code, error_code::unsupported) << text;
  }
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
