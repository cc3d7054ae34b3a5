#include <pinhook/admission/failure.hpp>

#include <pinhook/resolve/advice.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::admission {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr resolve::audience cluster{.at = resolve::audience::place::webhook};

TEST(FailureStatus, EveryCodeHasOne) {
  for (int i = 0; i <= static_cast<int>(error_code::internal); ++i) {
    const auto code = static_cast<error_code>(i);
    const failure_status& s = status_of(code);
    // Another try is suggested exactly when it may help.
    EXPECT_EQ(s.code == 503 || s.code == 504, is_temporary(code)) << to_string(code);
  }
  EXPECT_EQ(status_of(error_code::not_found).reason, "Forbidden");
  EXPECT_EQ(status_of(error_code::timed_out).code, 504U);
  EXPECT_EQ(status_of(error_code::internal).code, 500U);
}

TEST(WithAdvice, KeepsTheAdviceWholeAndShortensNames) {
  const error why{error_code::not_found,
                  fmt::format("registry {} does not have \"{}:{}\" (404: MANIFEST_UNKNOWN: \"manifest unknown\")",
                              std::string(253, 'h'), std::string(255, 'r'), std::string(128, 't')),
                  std::nullopt};
  for (const std::size_t size : {150U, 200U, 300U, 600U}) {
    const std::string out = with_advice(why, cluster, {size});
    EXPECT_LE(out.size(), size);
    EXPECT_THAT(out, StartsWith("registry hh"));
    EXPECT_THAT(out, HasSubstr("hh does not have \"rr"));
    EXPECT_THAT(out, EndsWith("tt\" (404: MANIFEST_UNKNOWN: \"manifest unknown\"). Check the name and the tag"));
  }
  EXPECT_EQ(with_advice(why, cluster, {1'000}), why.message + ". Check the name and the tag");
}

// In a warning most images fit with the registry's status and text; with a little less room, these are left out.
TEST(WithAdvice, AWarningLeavesOutTheAnswerBeforeItCutsAnything) {
  const error why{error_code::not_found, R"(registry r.io does not have "a:1" (404: X: "no (really) \" no"))",
                  std::nullopt};
  const std::string whole = why.message + ". Check the name and the tag";
  const std::string less = R"(registry r.io does not have "a:1". Check the name and the tag)";
  const auto room = [](std::size_t size, std::size_t names) { return text_room{size, names, 0, true}; };
  EXPECT_EQ(with_advice(why, cluster, room(whole.size(), 0)), whole);
  EXPECT_EQ(with_advice(why, cluster, room(whole.size() - 1, 0)), less);
  EXPECT_EQ(with_advice(why, cluster, room(whole.size(), 1)), less) << "the names behind it have room";
  EXPECT_EQ(with_advice(why, cluster, room(less.size(), 0)), less);
  EXPECT_THAT(with_advice(why, cluster, room(less.size() - 1, 0)), EndsWith(". Check the name and the tag"));
}

TEST(WithAdvice, FollowsAQuestionOrASentenceWithoutAnotherStop) {
  for (const char* reason : {"is this a registry?", "at byte 0: The document is empty."})
    EXPECT_THAT(with_advice({error_code::malformed, reason, std::nullopt}, cluster, {1'000}),
                StartsWith(std::string(reason) + " Try again"))
        << reason;
}

TEST(WithAdvice, SaysNothingBehindAdviceThatIsThere) {
  EXPECT_EQ(with_advice({error_code::denied, "no. Write this", std::nullopt, remedy::in_message}, cluster, {100}),
            "no. Write this");
  EXPECT_EQ(with_advice({error_code::not_found, "a\nb\xe2\x80\xae", std::nullopt}, cluster, {100}),
            "a\\x0ab\\u202e. Check the name and the tag");
}

}  // namespace
}  // namespace pinhook::admission
