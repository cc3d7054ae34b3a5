#include <pinhook/files/rewrite_scalar.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pinhook::files {
namespace {

std::string rewritten(std::string_view text, std::string_view value, plain_rule rule = plain_rule::string) {
  const auto read = yaml::read_source(text);
  if (!read) return read.error().message;
  const yaml::source_document& doc = read->documents[0];
  return rewritten_scalar(doc.at(doc.find(doc.root, "k")), text, value, rule);
}

TEST(RewriteScalar, KeepsTheForm) {
  EXPECT_EQ(rewritten("k: a:1\n", "a@b"), "a@b");
  EXPECT_EQ(rewritten("k: 'a:1'\n", "a@b"), "'a@b'");
  EXPECT_EQ(rewritten("k: \"a:1\"\n", "a@b"), "\"a@b\"");
  EXPECT_EQ(rewritten("k: ''\n", "a@b"), "'a@b'");
  EXPECT_EQ(rewritten("k: \"\"\n", "a@b"), "\"a@b\"");
  EXPECT_EQ(rewritten("k:\n", "a@b"), " a@b");
  EXPECT_EQ(rewritten("x: &x 1\nk: *x\n", "a@b"), "a@b");
  EXPECT_EQ(rewritten("k: 'a@b'\n", ""), "''");
  EXPECT_EQ(rewritten("k: a@b\n", ""), "");
}

TEST(RewriteScalar, WritesEscapedTextInDoubleQuotes) {
  EXPECT_EQ(rewritten("k: \"a\\x3a1\"\n", "a@b"), "\"a@b\"");
  EXPECT_EQ(rewritten("k: 'it''s'\n", "a@b"), "\"a@b\"");
}

TEST(RewriteScalar, QuotesPlainNumbersWhereAStringIsMeant) {
  EXPECT_EQ(rewritten("k: a\n", "1.25"), "\"1.25\"");
  EXPECT_EQ(rewritten("k: a\n", "1.25", plain_rule::as_it_is), "1.25");
  EXPECT_EQ(rewritten("k: !!str a\n", "1.25"), "1.25");
  EXPECT_EQ(rewritten("k: 'a'\n", "1.25"), "'1.25'");
  EXPECT_EQ(rewritten("x: &x 1\nk: *x\n", "1.25"), "\"1.25\"");
}

TEST(RewriteScalar, TellsStringsFromOtherPlainScalars) {
  for (const std::string_view text :
       {"nginx", "nginx:1.25", "1.25.3", "v1", "1.25-alpine", "latest", "2024-01-01", "1a", "sha256:00", "e5", "0x",
        "1e", "_1", "no-cache", "a.b", ".", "-", "0xg", "0b"})
    EXPECT_TRUE(reads_as_string(text)) << text;
  for (const std::string_view text :
       {"",     "~",  "null", "Null", "true", "False", "yes",    "NO",   "on",   "Off",  "y",     "N",    "7",   "007",
        "1.25", ".5", "5.",   "-1",   "+1.5", "1e5",   "1.5E-3", "0x1F", "0o17", "0b11", "1_000", ".inf", ".NaN"})
    EXPECT_FALSE(reads_as_string(text)) << text;
}

}  // namespace
}  // namespace pinhook::files
