#include <pinhook/trust/canonical_json.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pinhook::trust {
namespace {

// As securesystemslib's encode_canonical writes them.
TEST(CanonicalJson, IsWrittenInOneForm) {
  const std::vector<std::pair<std::string, std::string>> texts{
      {R"( { "b" : 1 , "a" : [ true , false , null , -7 , "x" ] } )", R"({"a":[true,false,null,-7,"x"],"b":1})"},
      {R"({})", R"({})"},
      {R"([])", R"([])"},
      {R"("")", R"("")"},
      {R"("quote \" backslash \\ slash \/")", R"("quote \" backslash \\ slash /")"},
      {R"("line\nend \u0001\u007f")", "\"line\nend \x01\x7f\""},
      {R"("\u00e9 \ud83d\ude00")", "\"\xc3\xa9 \xf0\x9f\x98\x80\""},
      {R"({"é":1,"z":2,"B":3,"":4})", R"({"":4,"B":3,"z":2,"é":1})"},
      {R"(9223372036854775807)", R"(9223372036854775807)"},
      {R"(18446744073709551615)", R"(18446744073709551615)"},
      {R"({"a":{"d":[],"c":{}}})", R"({"a":{"c":{},"d":[]}})"},
  };
  for (const auto& [text, expected] : texts) {
    const auto parsed = json::parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(canonical_json(*parsed).value(), expected) << text;
  }
}

TEST(CanonicalJson, WhatHasNoOneFormIsRefused) {
  for (const char* text :
       {"1.5", "1.0", "1e3", "18446744073709551616", R"({"a":1,"a":1})", R"([{"b":{"a":1,"a":2}}])"}) {
    const auto parsed = json::parse(text);
    ASSERT_TRUE(parsed) << text;
    const auto written = canonical_json(*parsed);
    ASSERT_FALSE(written) << text;
    EXPECT_EQ(written.error().code, error_code::malformed);
  }
}

}  // namespace
}  // namespace pinhook::trust
