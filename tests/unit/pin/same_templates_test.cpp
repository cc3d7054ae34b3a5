#include <pinhook/pin/same_templates.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::pin {
namespace {

TEST(SameValue, ComparesMeaning) {
  const std::tuple<const char*, const char*, bool> cases[] = {
      {R"({"a":1,"b":[true,null,"x"]})", R"({ "b" : [true,null,"\u0078"], "a":1 })", true},
      {R"({"a":"x"})", R"({"a":"y"})", false},
      {R"({"a":"x","b":1})", R"({"a":"xx","b":1})", false},
      {R"({"a":"x"})", R"({"a":"\u0078"})", true},
      {R"({"a":"x\u0078"})", R"({"a":"\u0078x"})", true},
      {R"({"x":1,"y":2})", R"({"y":2,"x":1})", true},
      {R"(["x","y"])", R"(["y","x"])", false},
      {R"({"a":1})", R"({"a":1.0})", true},
      {R"({"a":1})", R"({"a":2})", false},
      {R"({"a":1})", R"({"a":1,"b":2})", false},
      {R"({"a":1,"a":2})", R"({"a":2})", true},
      {R"({"a":null})", R"({})", false},
      {R"({"a":":x"})", R"({"a":":y"})", false},
      {R"([])", R"({})", false},
      {R"({"a":"\"x"})", R"({"a":"\"y"})", false},
  };
  for (const auto& [a, b, expected] : cases) {
    EXPECT_EQ(same_value(a, b), expected) << a << ' ' << b;
    EXPECT_EQ(same_value(b, a), expected) << b << ' ' << a;
  }
}

TEST(SameValue, FindsADifferenceAtAnyDistance) {
  for (std::size_t n = 0; n < 600; n += 7) {
    const std::string fill(n, 'f');
    const std::string a = R"({"fill":")" + fill + R"(","a":"b","z":[]})";
    const std::string b = R"({"fill":")" + fill + R"(","a":"c","z":[]})";
    const std::string other = R"({"a":"b","z":[],"fill":")" + fill + R"("})";
    EXPECT_EQ(same_value(a, b), false) << n;
    EXPECT_EQ(same_value(a, other), true) << n;
  }
}

TEST(SameValue, ComparesManyMembersInReasonableTime) {
  std::string forward = "{", backward = "{";
  const int count = 50'000;
  for (int i = 0; i < count; ++i) {
    forward += fmt::format(R"("k{}":{},)", i, i);
    backward += fmt::format(R"("k{}":{},)", count - 1 - i, count - 1 - i);
  }
  EXPECT_EQ(same_value(forward + "\"x\":1}", backward + "\"x\":1}"), true);
}

TEST(SameValue, SaysWhenItCannotTell) {
  EXPECT_EQ(same_value(R"({"a":1})", R"({"a":nope})").error().code, error_code::malformed);
  EXPECT_EQ(same_value("nope", "{}").error().code, error_code::malformed);
}

TEST(SameTemplates, NeedsTheSamePlaces) {
  const std::vector<pod_template> one{{"/spec/a", "{}"}};
  const std::vector<pod_template> other{{"/spec/b", "{}"}};
  const std::vector<pod_template> two{{"/spec/a", "{}"}, {"/spec/b", R"({"x":"y"})"}};
  EXPECT_EQ(same_templates(one, one), true);
  EXPECT_EQ(same_templates(one, other), false);
  EXPECT_EQ(same_templates(one, two), false);
  EXPECT_EQ(same_templates({}, {}), true);
  EXPECT_EQ(same_templates(two, {{"/spec/a", "{}"}, {"/spec/b", R"({"x":"z"})"}}), false);
}

}  // namespace
}  // namespace pinhook::pin
