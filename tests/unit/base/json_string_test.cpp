#include <pinhook/base/json_string.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pinhook::json {
namespace {

string written(std::string_view raw) { return {.raw = raw, .has_escapes = raw.find('\\') != std::string_view::npos}; }

TEST(JsonString, IsComparedByItsMeaning) {
  for (const std::string_view raw : {"spec", R"(\u0073pec)", R"(sp\u0065c)", R"(\u0073\u0070\u0065\u0063)"})
    EXPECT_TRUE(written(raw) == "spec") << raw;
  for (const std::string_view raw : {"specs", "spe", "Spec", R"(\u0073pecs)", R"(\u0074pec)", R"(\xspec)", R"(spec\)"})
    EXPECT_FALSE(written(raw) == "spec") << raw;
  EXPECT_TRUE(written(R"(\ud83d\ude00)") == "\xF0\x9F\x98\x80");
}

TEST(JsonString, AppendsItsMeaning) {
  std::string out = "a";
  EXPECT_TRUE(written(R"(b\"\\\/\n\u20ac)").append_to(out));
  EXPECT_EQ(out, "ab\"\\/\n\xE2\x82\xAC");
}

TEST(JsonString, RefusesWrongEscapes) {
  for (const std::string_view raw : {R"(\x)", R"(\)", R"(\u12)", R"(\u12g4)", R"(\ud83d)", R"(\ud83d\n)", R"(\ude00)",
                                     R"(\ud83d\ud83d)", R"(\ud83d\u004)"}) {
    std::string out;
    EXPECT_FALSE(written(raw).append_to(out)) << raw;
  }
}

}  // namespace
}  // namespace pinhook::json
