#include <pinhook/base/json_cursor.hpp>

#include "support/exact_text.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/base/json_skip.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::json {
namespace {

std::string decoded(std::string_view json) {
  const testing::exact_text text(json);
  cursor c(text.view());
  std::string out = c.read_text();
  return c.has_failed() ? c.failure().message : out;
}

std::string skipped(std::string_view json) {
  const testing::exact_text text(json);
  cursor c(text.view());
  const std::string out(c.skip());
  return c.has_failed() ? c.failure().message : out;
}

TEST(JsonCursor, WalksMembersInOrder) {
  const testing::exact_text text(R"( {"a" : 1, "b":[ true ,null],"c":{"d":"e"} } )");
  cursor c(text.view());
  string key;
  std::vector<std::string> keys, values;
  for (c.enter_object(); c.next_key(key);) {
    keys.emplace_back(key.raw);
    values.emplace_back(c.skip());
  }
  EXPECT_FALSE(c.has_failed());
  EXPECT_TRUE(c.is_at_end());
  EXPECT_EQ(keys, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(values, (std::vector<std::string>{"1", "[ true ,null]", R"({"d":"e"})"}));
}

TEST(JsonCursor, NestedLoopsLeaveTheOuterOneWhereItWas) {
  cursor c(R"([[],[1],{},{"a":{}},2])");
  std::vector<kind> kinds;
  for (c.enter_array(); c.next_element();) {
    kinds.push_back(c.peek());
    if (c.peek() == kind::array) {
      for (c.enter_array(); c.next_element();) c.skip();
    } else if (c.peek() == kind::object) {
      string key;
      for (c.enter_object(); c.next_key(key);) c.skip();
    } else {
      c.skip();
    }
  }
  EXPECT_FALSE(c.has_failed());
  EXPECT_EQ(kinds, (std::vector{kind::array, kind::array, kind::object, kind::object, kind::number}));
}

TEST(JsonCursor, PeeksTheKindOfAValue) {
  const std::vector<std::pair<std::string_view, kind>> cases{
      {"{}", kind::object}, {"[]", kind::array},  {"\"\"", kind::string},   {"-1", kind::number},
      {"0", kind::number},  {"null", kind::null}, {"true", kind::boolean},  {"false", kind::boolean},
      {"", kind::none},     {"}", kind::none},    {" \n\t\r[", kind::array}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(cursor(text).peek(), expected) << text;
}

TEST(JsonCursor, ComparesKeysByTheirMeaning) {
  cursor c(R"({"\u0073pec":1,"sp\u0065c":2,"spec":3,"specs":4,"spe":5,"\ud83d\ude00":6})");
  string key;
  int same = 0;
  bool smiled = false;
  for (c.enter_object(); c.next_key(key); c.skip()) {
    same += key == "spec" ? 1 : 0;
    smiled = smiled || key == "\xF0\x9F\x98\x80";
  }
  EXPECT_EQ(same, 3);
  EXPECT_TRUE(smiled);
  EXPECT_FALSE(c.has_failed());
}

TEST(JsonCursor, DecodesStrings) {
  EXPECT_EQ(decoded(R"("")"), "");
  EXPECT_EQ(decoded(R"("nginx:1.25")"), "nginx:1.25");
  EXPECT_EQ(decoded(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(decoded(R"("a\u0041\u00e9\u20ac\ud83d\ude00z")"), "aA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z");
  EXPECT_EQ(decoded("\"" + std::string(100, 'x') + "\\n\""), std::string(100, 'x') + "\n");
}

TEST(JsonCursor, RefusesWrongStrings) {
  for (const char* text : {R"("\x")", R"("\u12")", R"("\u12g4")", R"("\ud83d")", R"("\ud83d\n")", R"("\ud83dA")",
                           R"("\ude00")", R"("\ud83d\ud83d")"})
    EXPECT_EQ(decoded(text), "not valid JSON at byte 0: a string with an invalid escape") << text;
  EXPECT_EQ(decoded("\"abc"), "not valid JSON at byte 0: a string is not closed");
  EXPECT_EQ(decoded("\"abc\\"), "not valid JSON at byte 0: a string is not closed");
  EXPECT_EQ(decoded("\"abc\\\""), "not valid JSON at byte 0: a string is not closed");
  EXPECT_EQ(decoded("\"a\nb\""), "not valid JSON at byte 2: a control character in a string");
  EXPECT_EQ(decoded("17"), "not valid JSON at byte 0: a string is expected");
}

TEST(JsonCursor, SkipsValuesOfEveryLength) {
  // The closing quote, the escapes and the brackets come to every position of a block.
  for (std::size_t n = 0; n < 200; ++n) {
    const std::string fill(n, 'x');
    for (const std::string& value :
         {"\"" + fill + "\"", "\"" + fill + "\\\"]}\"", "\"" + fill + "\\\\\"", "[\"" + fill + "\\\\\\\"]\",{}]",
          "{\"" + fill + "\":[[" + fill + "\"}\"]]}", "[" + std::string(n, ' ') + "]", "1" + std::string(n, '0')}) {
      EXPECT_EQ(skipped(value), value);
      EXPECT_EQ(skipped(value + ",\"]\""), value);
    }
  }
}

TEST(JsonCursor, CountsRunsOfBackslashesOfEveryLengthAndPlace) {
  for (std::size_t place = 0; place < 130; ++place) {
    for (std::size_t run = 1; run < 70; ++run) {
      const std::string slashes(run, '\\');
      // An odd run escapes the quote behind it, and the string goes on to the next.
      const std::string value = "[\"" + std::string(place, 'x') + slashes + (run % 2 == 0 ? "\"]" : "\"]\"]");
      ASSERT_EQ(skipped(value + "]]"), value) << place << ' ' << run;
      const std::string_view text = std::string_view(value).substr(1, value.size() - 2);
      ASSERT_EQ(skipped(std::string(text) + "\"\""), text) << place << ' ' << run;
    }
  }
}

TEST(JsonCursor, FailsOnWhatIsNotClosed) {
  const std::string_view closed = R"({"a":["b\"]",{"c":[]}]})";
  for (std::size_t n = 1; n < closed.size(); ++n)
    EXPECT_EQ(skipped(closed.substr(0, n)), "not valid JSON at byte 0: an object or array is not closed") << n;
  EXPECT_EQ(skipped("\"abc"), "not valid JSON at byte 0: a string is not closed");
  EXPECT_EQ(skipped(""), "not valid JSON at byte 0: a value is expected");
  EXPECT_EQ(skipped("}"), "not valid JSON at byte 0: a value is expected");
}

TEST(JsonCursor, LimitsTheDepthOfWhatIsSkipped) {
  const std::string good = std::string(max_skipped_depth, '[') + std::string(max_skipped_depth, ']');
  EXPECT_EQ(skipped(good), good);
  const std::string deep(max_skipped_depth + 100, '[');
  EXPECT_NE(skipped(deep + std::string(deep.size(), ']')).find("nested too deeply"), std::string::npos);
}

TEST(JsonCursor, LooksAtSkippedValuesForClosedStringsAndBracketsAlone) {
  // The header documents that this is not checked.
  EXPECT_EQ(skipped(R"([nope,,"\q"})"), R"([nope,,"\q"})");
}

TEST(JsonCursor, ReportsTheByteOfAFailure) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases{
      {R"({"a" 1})", "not valid JSON at byte 5: ':' is expected"},
      {R"({"a":1 "b":2})", "not valid JSON at byte 7: ',' or '}' is expected"},
      {R"({"a":1,})", "not valid JSON at byte 7: a string is expected"},
      {R"({,})", "not valid JSON at byte 1: a string is expected"},
      {R"({"a":})", "not valid JSON at byte 5: a value is expected"},
      {R"({"a":1)", "not valid JSON at byte 6: ',' or '}' is expected"},
      {R"([])", "not valid JSON at byte 0: an object is expected"},
      {"", "not valid JSON at byte 0: an object is expected"}};
  for (const auto& [json, message] : cases) {
    const testing::exact_text text(json);
    cursor c(text.view());
    string key;
    for (c.enter_object(); c.next_key(key);) c.skip();
    ASSERT_TRUE(c.has_failed()) << json;
    EXPECT_EQ(c.failure().message, message) << json;
    EXPECT_EQ(c.failure().code, error_code::malformed);
  }
}

TEST(JsonCursor, RefusesArraysWithCommasAstray) {
  for (const char* json : {"[1,]", "[,1]", "[1 2]", "[1,,2]", "[1", "[1}"}) {
    cursor c(json);
    for (c.enter_array(); c.next_element();) c.skip();
    EXPECT_TRUE(c.has_failed()) << json;
  }
}

TEST(JsonCursor, AFailureSticks) {
  cursor c(R"(["a",1,{"b":2}])");
  c.enter_object();
  ASSERT_TRUE(c.has_failed());
  const std::string first = c.failure().message;
  string key;
  EXPECT_EQ(c.peek(), kind::none);
  EXPECT_FALSE(c.enter_array());
  EXPECT_FALSE(c.next_element());
  EXPECT_FALSE(c.next_key(key));
  EXPECT_EQ(c.skip(), "");
  EXPECT_EQ(c.read_text(), "");
  EXPECT_FALSE(c.read_bool());
  EXPECT_FALSE(c.is_at_end());
  c.reject("something else");
  EXPECT_EQ(c.failure().message, first);
}

TEST(JsonCursor, ReadsBooleans) {
  EXPECT_TRUE(cursor("true").read_bool());
  cursor no("false");
  EXPECT_FALSE(no.read_bool());
  EXPECT_FALSE(no.has_failed());
  cursor other("tru");
  EXPECT_FALSE(other.read_bool());
  EXPECT_TRUE(other.has_failed());
}

TEST(JsonCursor, ACopyIsAPlaceToComeBackTo) {
  cursor c(R"({"a":[1,2],"b":3})");
  string key;
  c.enter_object();
  ASSERT_TRUE(c.next_key(key));
  const cursor before = c;
  const std::size_t begin = c.offset();
  c.skip();
  EXPECT_EQ(c.since(begin), "[1,2]");
  c = before;
  EXPECT_EQ(c.skip(), "[1,2]");
  ASSERT_TRUE(c.next_key(key));
  EXPECT_EQ(key.raw, "b");
}

}  // namespace
}  // namespace pinhook::json
