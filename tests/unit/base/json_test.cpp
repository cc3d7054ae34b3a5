#include <pinhook/base/json.hpp>

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

TEST(AppendString, RepairsWhatIsNoUtf8) {
  std::string out;
  append_string(out, "a\xff\"b");
  EXPECT_EQ(out, "\"a\xEF\xBF\xBD\\\"b\"");
}

}  // namespace
}  // namespace pinhook::json
