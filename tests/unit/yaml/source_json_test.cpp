#include <pinhook/base/json.hpp>
#include <pinhook/yaml/source.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pinhook::yaml {
namespace {

using ::testing::HasSubstr;

// The first document's JSON, or the error.
std::string json_of(std::string_view text) {
  const auto got = read_source(text);
  if (!got) return "refused: " + got.error().message;
  const auto& doc = got->documents.at(0);
  const auto out = to_json(doc, doc.root);
  return out ? *out : "refused: " + out.error().message;
}

// The same with some members.
TEST(YamlToJsonOf, HasTheMembersOfTheseKeysAlone) {
  const auto got = read_source("a: {b: 1, c: {a: 2}, ab: 3}\nd: [{a: 4, e: 5}, {e: 6}, 7]\n<<: {f: 8}\ng: 9\n");
  ASSERT_TRUE(got);
  const auto& doc = got->documents.at(0);
  key_list keys;
  for (const std::string_view key : {"a", "c", "d"}) keys.add(key);
  EXPECT_EQ(to_json_of(doc, doc.find(doc.root, "a"), keys), R"({"c":{"a":2}})");
  EXPECT_EQ(to_json_of(doc, doc.find(doc.root, "d"), keys), R"([{"a":4},{},7])");
  // A mapping that merges others has all.
  EXPECT_EQ(to_json_of(doc, doc.root, keys), R"({"a":{"c":{"a":2}},"d":[{"a":4},{},7],"g":9,"f":8})");
  EXPECT_FALSE(to_json_of(doc, doc.root, keys, 10));
}

struct json_case {
  const char* name;
  std::string_view text;
  std::string_view json;
};

void PrintTo(const json_case& c, std::ostream* out) { *out << c.name; }

class YamlToJson : public ::testing::TestWithParam<json_case> {};

TEST_P(YamlToJson, SaysTheSame) { EXPECT_EQ(json_of(GetParam().text), GetParam().json); }

const json_case cases[] = {
    {"mapping", "a: x\nb: [y, z]\n", R"({"a":"x","b":["y","z"]})"},
    {"empty_collections", "a: {}\nb: []\n", R"({"a":{},"b":[]})"},
    {"large_exponents", "a: 0E6666\nb: 1e99\nc: 1e-100\n", R"({"a":"0E6666","b":1e99,"c":"1e-100"})"},
    {"nothing", "a:\nb: ~\nc: null\nd: Null\ne: NULL\n", R"({"a":null,"b":null,"c":null,"d":null,"e":null})"},
    {"booleans", "[true, True, TRUE, false, False, FALSE]", "[true,true,true,false,false,false]"},
    {"no_booleans", "[yes, no, on, off, y, n, tRue]", R"(["yes","no","on","off","y","n","tRue"])"},
    {"quoted_words", "['true', \"null\", '1', '']", R"(["true","null","1",""])"},
    {"whole_numbers", "[0, 1, -1, 12345678901234567890]", "[0,1,-1,12345678901234567890]"},
    {"numbers_with_a_point", "[1.5, -0.25, 1e3, 1.5E-3]", "[1.5,-0.25,1e3,1.5E-3]"},
    {"words_that_start_as_numbers", "[1.25.3, 1a, 1-2, '1', 1_000, 12:30, v1, 0.0.0]",
     R"(["1.25.3","1a","1-2","1","1_000","12:30","v1","0.0.0"])"},
    {"dates", "a: 2026-11-21\n", R"({"a":"2026-11-21"})"},
    {"literal", "a: |\n  one\n  two\n", R"({"a":"one\ntwo\n"})"},
    {"literal_word", "a: |-\n  true\n", R"({"a":"true"})"},
    {"folded", "a: >-\n  one\n  two\n", R"({"a":"one two"})"},
    {"escapes", "a: \"\\\"\\\\\\t\\u0001\\u00e9/\"\n", "{\"a\":\"\\\"\\\\\\t\\u0001é/\"}"},
    {"other_alphabets", "é: \U0001F600\n", "{\"é\":\"\U0001F600\"}"},
    {"keys_are_text", "1: a\ntrue: b\nnull: c\n1.5: d\n", R"({"1":"a","true":"b","null":"c","1.5":"d"})"},
    {"keys_that_are_no_scalars", "? [a]\n: x\nb: 1\n? {c: d}\n: y\n", R"({"b":1})"},
    {"a_key_twice", "a: 1\na: 2\n", R"({"a":1,"a":2})"},
    {"aliases", "a: &x {b: [1]}\nc: *x\n", R"({"a":{"b":[1]},"c":{"b":[1]}})"},
    {"alias_of_a_scalar", "a: &x nginx\nc: [*x]\n", R"({"a":"nginx","c":["nginx"]})"},
    {"alias_as_a_key", "a: &x nginx\n*x : 1\n", R"({"a":"nginx","nginx":1})"},
    {"tagged_text", "a: !!str 1\nb: !!str true\nc: !!str\n", R"({"a":"1","b":"true","c":""})"},
    {"root_scalar", "--- x\n", R"("x")"},
    {"json", "{\"a\": [1, true, null, \"x\\u0041\\/\"]}", R"({"a":[1,true,null,"xA/"]})"},
};

INSTANTIATE_TEST_SUITE_P(Table, YamlToJson, ::testing::ValuesIn(cases),
                         [](const auto& one) { return std::string(one.param.name); });

// Where only the meaning is promised, not the order of members.
json::document object_of(std::string_view text) {
  auto parsed = json::parse(json_of(text));
  EXPECT_TRUE(parsed) << json_of(text);
  return parsed ? std::move(*parsed) : json::document{};
}

TEST(YamlToJsonMerge, UnfoldsMergeKeys) {
  const auto root = object_of(
      "base: &base {image: nginx, pull: Always}\n"
      "one: {<<: *base, name: one}\n"
      "own: {image: redis, <<: *base}\n"
      "late: {<<: *base, image: redis}\n"
      "two: {<<: [*base, {pull: Never, arg: x}]}\n");
  const auto member = [&](const char* object, const char* key) {
    const auto& from = root[object];
    std::size_t count = 0;
    std::string out;
    for (const auto& m : from.GetObject())
      if (std::string_view(m.name.GetString()) == key) {
        ++count;
        out = m.value.GetString();
      }
    EXPECT_LE(count, 1U) << object << "/" << key;
    return out;
  };
  EXPECT_EQ(member("one", "image"), "nginx");
  EXPECT_EQ(member("one", "pull"), "Always");
  EXPECT_EQ(member("one", "name"), "one");
  EXPECT_EQ(member("own", "image"), "redis");
  EXPECT_EQ(member("late", "image"), "redis");
  EXPECT_EQ(member("late", "pull"), "Always");
  EXPECT_EQ(member("two", "pull"), "Always");
  EXPECT_EQ(member("two", "arg"), "x");
  EXPECT_EQ(member("two", "<<"), "");
}

TEST(YamlToJsonNumbers, WhatJsonCannotWriteIsText) {
  // Whatever is made of them, it is JSON, and none is lost.
  const auto root = object_of("[.inf, -.Inf, .nan, 0x1f, 0o17, +1, .5, 1., 007, 1e999, -0, 1e, 0x]");
  ASSERT_TRUE(root.IsArray());
  EXPECT_EQ(root.GetArray().Size(), 13U);
  EXPECT_TRUE(root.GetArray()[0].IsString());
  EXPECT_TRUE(root.GetArray()[2].IsString());
  EXPECT_TRUE(root.GetArray()[9].IsString());
  EXPECT_TRUE(root.GetArray()[11].IsString());
  EXPECT_TRUE(root.GetArray()[12].IsString());
}

TEST(YamlToJsonPart, IsTheNodeThatWasAsked) {
  const auto got = read_source("a: {b: [1, *x]}\n");
  EXPECT_FALSE(got);
  const auto whole = read_source("x: &x y\na: {b: [1, *x]}\n");
  ASSERT_TRUE(whole);
  const auto& doc = whole->documents[0];
  EXPECT_EQ(to_json(doc, doc.at_pointer(doc.root, "/a")).value_or(""), R"({"b":[1,"y"]})");
  EXPECT_EQ(to_json(doc, doc.at_pointer(doc.root, "/a/b/1")).value_or(""), R"("y")");
  EXPECT_EQ(to_json(doc, no_node).value_or(""), "null");
}

TEST(YamlToJsonLimit, AliasesUnfoldNoFurther) {
  std::string text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
  for (int i = 1; i < 40; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    text +=
        "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before + ", " + before + "]\n";
  }
  const auto got = read_source(text);
  ASSERT_TRUE(got) << got.error().message;
  const auto& doc = got->documents[0];
  const auto out = to_json(doc, doc.root, 100'000);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, error_code::malformed);
  EXPECT_THAT(out.error().message, HasSubstr("100000"));
}

TEST(YamlToJsonLimit, AliasesOfNothingUnfoldNoFurtherEither) {
  // Merges of merges write little, however many they are.
  std::string text = "m0: &m0 {x: 1}\n";
  for (int i = 1; i < 60; ++i) {
    const auto before = "*m" + std::to_string(i - 1);
    text += "m" + std::to_string(i) + ": &m" + std::to_string(i) + " {<<: [" + before + ", " + before + "]}\n";
  }
  const auto got = read_source(text);
  ASSERT_TRUE(got) << got.error().message;
  const auto& doc = got->documents[0];
  const auto out = to_json(doc, doc.root);
  if (out) {
    EXPECT_LT(out->size(), 10'000U);
  } else {
    EXPECT_EQ(out.error().code, error_code::malformed);
  }
}

TEST(YamlToJsonLimit, IsExact) {
  const auto got = read_source("a: xyz\n");
  ASSERT_TRUE(got);
  const auto& doc = got->documents[0];
  EXPECT_TRUE(to_json(doc, doc.root, 11));
  EXPECT_FALSE(to_json(doc, doc.root, 10));
}

}  // namespace
}  // namespace pinhook::yaml
