#include <pinhook/base/json.hpp>

#include "support/hostile_text.hpp"
#include "support/strict_json.hpp"

#include <pinhook/base/json_cursor.hpp>

#include <gtest/gtest.h>

namespace pinhook::json {
namespace {

TEST(Json, ReadsWhatIsThereAndNothingElse) {
  const auto d = parse(R"({"a":"x","n":7,"b":true,"o":{"a":1}})");
  ASSERT_TRUE(d);
  EXPECT_EQ(find_string(*d, "a"), "x");
  EXPECT_EQ(find_integer(*d, "n"), 7);
  EXPECT_EQ(find_bool(*d, "b"), true);
  EXPECT_EQ(find_string(*d, "n"), std::nullopt);
  EXPECT_EQ(find_string(*d, "A"), std::nullopt);
  EXPECT_EQ(find(*find(*d, "a"), "a"), nullptr);
  EXPECT_NE(find(*find(*d, "o"), "a"), nullptr);
}

TEST(Json, SaysWhereItIsWrong) {
  const auto d = parse(R"({"a": nope})");
  ASSERT_FALSE(d);
  EXPECT_EQ(d.error().code, error_code::malformed);
  EXPECT_NE(d.error().message.find("at byte 7"), std::string::npos) << d.error().message;
}

TEST(Json, RefusesWhatIsNotStrictJson) {
  for (const char* text : {"", "{", "[1,]", "{'a':1}", "{\"a\":1} x", "// c\n1", "\"\xff\""})
    EXPECT_FALSE(parse(text)) << text;
}

TEST(Json, RefusesWhatRapidJsonPassesOver) {
  using namespace std::string_view_literals;
  for (const auto text : {"1\0[x"sv, "1\0"sv, "\0"sv, "\xEF\xBB\xBF{}"sv, "\xEF{}"sv, "\xBF{}"sv})
    EXPECT_FALSE(parse(text)) << text;
}

// With SSE2 RapidJSON's reader takes 0x1a to 0x1f raw wherever it copies sixteen bytes at once: not where it checks the
// encoding, as `parse` has it do. The cursor has its own.
TEST(Json, NoReaderTakesControlCharactersRaw) {
  testing::for_each_hostile_text([](std::string_view text, std::string_view c) {
    if (c == "\"" || c == "\\") return;
    const bool is_control = static_cast<unsigned char>(c.front()) < 0x20;
    const std::string json = "[\"" + std::string(text) + "\"]";
    ASSERT_EQ(parse(json).has_value(), !is_control) << testing::read_strict_json(json).has_value();
    const std::string padded = json + std::string(32, '\0');
    cursor at({padded.data(), json.size()});
    at.enter_array();
    ASSERT_TRUE(at.next_element());
    const std::string value = at.read_text();
    ASSERT_EQ(at.has_failed(), is_control) << json;
    ASSERT_EQ(value, is_control ? std::string_view() : text);
  });
}

TEST(Json, DepthLimitHoldsForAMillionBrackets) {
  EXPECT_FALSE(parse(std::string(1'000'000, '[')));
  EXPECT_TRUE(parse(std::string(200, '[') + std::string(200, ']')));
  EXPECT_FALSE(parse(std::string(201, '[') + std::string(201, ']')));
  EXPECT_TRUE(parse("\"" + std::string(1000, '[') + "\"")) << "brackets in strings do not nest";
}

TEST(Json, SizeLimitHolds) {
  EXPECT_TRUE(parse("[1]", {.size = 3}));
  EXPECT_FALSE(parse("[12]", {.size = 3}));
}

TEST(AppendString, RoundTrips) {
  const std::string text = "quote \" slash \\ line\n tab\t bell\x07 \xc3\xa9";
  std::string out;
  append_string(out, text);
  const auto d = parse(out);
  ASSERT_TRUE(d) << out;
  EXPECT_EQ(text_of(*d), text);
}

TEST(AppendString, EscapesWhatIsNotPrintable) {
  std::string out;
  append_string(out, "\x1b \x7f \xc2\x9b \xe2\x80\xae \xe2\x80\xa8 é");
  EXPECT_EQ(out, R"("\u001b \u007f \u009b \u202e \u2028 é")");
}

TEST(AppendString, IsJsonOfTheSameTextWhereverWhateverStands) {
  testing::for_each_hostile_text([](std::string_view text, std::string_view c) {
    std::string out;
    append_string(out, text);
    const auto read = testing::read_strict_json(out);
    ASSERT_TRUE(read) << out;
    ASSERT_EQ(read->text, text) << out;
    const bool is_shown = c == "\"" || c == "\\" || c == "é" || c == "☃" || c == "\xf0\x9f\x90\xb3";
    ASSERT_EQ(out.find(c, 1) < out.size() - 1, is_shown) << out;
  });
}

TEST(AppendString, WritesAllHoweverMuchTheTextGrows) {
  // Sizes below, at and above each capacity that the text has on its way.
  for (std::size_t size = 0; size < 300; ++size) {
    std::string out(size, '.');
    append_string(out, std::string(size, 'x'));
    append_string(out, "y");
    EXPECT_EQ(out, std::string(size, '.') + '"' + std::string(size, 'x') + "\"\"y\"");
  }
}

TEST(AppendString, RepairsWhatIsNoUtf8) {
  std::string out;
  append_string(out, "a\xff\"b");
  EXPECT_EQ(out, "\"a\xEF\xBF\xBD\\\"b\"");
}

}  // namespace
}  // namespace pinhook::json
