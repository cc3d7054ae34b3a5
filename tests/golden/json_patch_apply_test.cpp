#include "support/json_patch_apply.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pinhook::testing {
namespace {

struct example {
  std::string_view about, target, patch, expected;
};

// The appendix of RFC 6902, and the pointers of RFC 6901.
constexpr example examples[]{
    {"A.1 adds a member", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])",
     R"({"foo":"bar","baz":"qux"})"},
    {"A.2 inserts an element", R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])",
     R"({"foo":["bar","qux","baz"]})"},
    {"A.3 removes a member", R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])", R"({"foo":"bar"})"},
    {"A.4 removes an element", R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])",
     R"({"foo":["bar","baz"]})"},
    {"A.5 replaces", R"({"baz":"qux","foo":"bar"})", R"([{"op":"replace","path":"/baz","value":"boo"}])",
     R"({"baz":"boo","foo":"bar"})"},
    {"A.8 tests", R"({"baz":"qux","foo":["a",2,"c"]})",
     R"([{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}])",
     R"({"baz":"qux","foo":["a",2,"c"]})"},
    {"A.16 appends", R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc","def"]}])",
     R"({"foo":["bar",["abc","def"]]})"},
    {"add replaces an existing value", R"({"foo":1})", R"([{"op":"add","path":"/foo","value":2}])", R"({"foo":2})"},
    {"escapes of a pointer", R"({"a/b":{"m~n":1}})", R"([{"op":"replace","path":"/a~1b/m~0n","value":2}])",
     R"({"a/b":{"m~n":2}})"},
    {"an annotation into a new map", R"({"metadata":{}})",
     R"([{"op":"add","path":"/metadata/annotations","value":{}},{"op":"add","path":"/metadata/annotations/x.dev~1y","value":"z"}])",
     R"({"metadata":{"annotations":{"x.dev/y":"z"}}})"},
};

TEST(JsonPatchApply, DoesWhatTheRfcShows) {
  for (const auto& e : examples) {
    SCOPED_TRACE(e.about);
    const auto target = json::parse(e.target);
    const auto patch = json::parse(e.patch);
    const auto expected = json::parse(e.expected);
    ASSERT_TRUE(target && patch && expected);
    const auto patched = apply_json_patch(*target, *patch);
    ASSERT_TRUE(patched) << patched.error().message;
    EXPECT_TRUE(*patched == *expected);
  }
}

TEST(JsonPatchApply, RefusesWhatTheApiServerRefuses) {
  struct refusal {
    std::string_view about, patch;
    error_code code;
  };
  constexpr refusal refusals[]{
      {"replace of nothing", R"([{"op":"replace","path":"/none","value":1}])", error_code::not_found},
      {"add below nothing", R"([{"op":"add","path":"/none/x","value":1}])", error_code::not_found},
      {"add behind the end", R"([{"op":"add","path":"/list/3","value":1}])", error_code::not_found},
      {"an index with a leading zero", R"([{"op":"replace","path":"/list/00","value":1}])", error_code::not_found},
      {"remove of nothing", R"([{"op":"remove","path":"/none"}])", error_code::not_found},
      {"add into a string", R"([{"op":"add","path":"/text/x","value":1}])", error_code::not_found},
      {"a test that fails", R"([{"op":"test","path":"/text","value":"other"}])", error_code::malformed},
      {"no value", R"([{"op":"add","path":"/x"}])", error_code::invalid_input},
      {"another operation", R"([{"op":"increment","path":"/text","value":1}])", error_code::invalid_input},
      {"no array", R"({"op":"remove","path":"/text"})", error_code::invalid_input},
      {"the root", R"([{"op":"replace","path":"","value":1}])", error_code::invalid_input},
  };
  const auto target = json::parse(R"({"list":[1],"text":"t"})");
  ASSERT_TRUE(target);
  for (const auto& r : refusals) {
    SCOPED_TRACE(r.about);
    const auto patch = json::parse(r.patch);
    ASSERT_TRUE(patch);
    const auto patched = apply_json_patch(*target, *patch);
    ASSERT_FALSE(patched);
    EXPECT_EQ(patched.error().code, r.code);
  }
}

TEST(JsonPatchApply, LeavesTheTargetAlone) {
  const auto target = json::parse(R"({"a":"b"})");
  const auto patch = json::parse(R"([{"op":"replace","path":"/a","value":"c"}])");
  ASSERT_TRUE(target && patch);
  ASSERT_TRUE(apply_json_patch(*target, *patch));
  EXPECT_EQ(json::find_string(*target, "a"), "b");
}

}  // namespace
}  // namespace pinhook::testing
