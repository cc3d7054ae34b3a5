#include <pinhook/base/json_writer.hpp>

#include "support/strict_json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

namespace pinhook::json {
namespace {

std::string sample(std::size_t indent) {
  writer out(indent);
  out.open_object();
  out.member("a", "x\"\n");
  out.key("list");
  out.open_array();
  out.number(1);
  out.number(std::uint64_t{18'446'744'073'709'551'615U});
  out.number(1.5);
  out.number(2.0);
  out.boolean(true);
  out.null();
  out.open_object();
  out.close_object();
  out.open_array();
  out.close_array();
  out.close_array();
  out.key("deep");
  out.open_object();
  out.key("n");
  out.number(-1);
  out.close_object();
  out.close_object();
  return std::move(out).text();
}

TEST(JsonWriter, WritesOneLine) {
  EXPECT_EQ(sample(0), R"({"a":"x\"\n","list":[1,18446744073709551615,1.5,2.0,true,null,{},[]],"deep":{"n":-1}})");
}

TEST(JsonWriter, WritesALineAMember) {
  EXPECT_EQ(sample(2), R"({
  "a": "x\"\n",
  "list": [
    1,
    18446744073709551615,
    1.5,
    2.0,
    true,
    null,
    {},
    []
  ],
  "deep": {
    "n": -1
  }
})");
}

TEST(JsonWriter, ATreeIsWrittenAsItWasRead) {
  const std::string text = sample(0);
  EXPECT_EQ(to_text(*parse(text)), text);
  for (const char* one : {"[]", "{}", "null", "\"\\u001b\"", "1e+300", "-0.1", "[[[1]]]"})
    EXPECT_EQ(to_text(*parse(one)), one);
}

TEST(JsonWriter, NoNumberIsNull) {
  for (const double n : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    writer out;
    out.number(n);
    EXPECT_EQ(std::move(out).text(), "null");
  }
  for (const double n : {0.0, -0.0, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 0.1}) {
    writer out;
    out.number(n);
    const std::string text = std::move(out).text();
    EXPECT_TRUE(testing::read_strict_json(text)) << text;
    EXPECT_EQ(std::strtod(text.c_str(), nullptr), n);
  }
}

TEST(StrictJson, TakesJsonAndNothingElse) {
  using namespace std::string_view_literals;
  for (const auto text : {"{}"sv, " [1, -0.5e+3, \"\\u00e9\\ud83d\\udc33\", true] "sv, "\"\x7f\""sv})
    EXPECT_TRUE(testing::read_strict_json(text)) << text;
  for (const auto text :
       {""sv, "{"sv, "[1,]"sv, "01"sv, "+1"sv, "1."sv, ".5"sv, "NaN"sv, "'a'"sv, "\"\x1a\""sv, "\"\x1f\""sv, "\"\n\""sv,
        "\"\xff\""sv, "\"\xed\xa0\x80\""sv, "\"\\ud800\""sv, "\"\\x\""sv, "{\"a\":1,\"a\":2}"sv, "1 2"sv, "\"a"sv})
    EXPECT_FALSE(testing::read_strict_json(text)) << text;
}

}  // namespace
}  // namespace pinhook::json
