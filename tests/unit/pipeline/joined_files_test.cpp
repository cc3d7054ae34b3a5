#include <pinhook/pipeline/joined_files.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

using ::testing::HasSubstr;

std::string text_of(const std::vector<printed_file>& files) {
  const auto out = joined(files);
  return out ? *out : "error: " + out.error().message;
}

TEST(Joined, PutsADocumentMarkBetweenFiles) {
  EXPECT_EQ(text_of({{"a", "a: 1\n"}, {"b", "b: 2\n"}}), "a: 1\n---\nb: 2\n");
  EXPECT_EQ(text_of({{"a", "a: 1"}, {"b", "b: 2"}}), "a: 1\n---\nb: 2");
  EXPECT_EQ(text_of({{"a", "---\na: 1\n"}, {"b", "# ours\n\n---\nb: 2\n"}, {"c", "c: 3\n"}}),
            "---\na: 1\n# ours\n\n---\nb: 2\n---\nc: 3\n");
}

TEST(Joined, KnowsTheEndOfADocument) {
  EXPECT_EQ(text_of({{"a", "a: 1\n...\n"}, {"b", "b: 2\n"}}), "a: 1\n...\nb: 2\n");
  EXPECT_EQ(text_of({{"a", "a: 1\n"}, {"b", "%YAML 1.2\n---\nb: 2\n"}}), "a: 1\n...\n%YAML 1.2\n---\nb: 2\n");
  EXPECT_EQ(text_of({{"a", "a: 1\n...\n\n"}, {"b", "%YAML 1.2\n---\nb: 2\n"}}), "a: 1\n...\n\n%YAML 1.2\n---\nb: 2\n");
  // A key is not a marker.
  EXPECT_EQ(text_of({{"a", "a: 1\n"}, {"b", "---b: 2\n"}}), "a: 1\n---\n---b: 2\n");
}

TEST(Joined, KeepsAMarkOfByteOrderAtTheStartAlone) {
  EXPECT_EQ(text_of({{"a",
                      "\xEF\xBB\xBF"
                      "a: 1\n"},
                     {"b",
                      "\xEF\xBB\xBF"
                      "b: 2\n"}}),
            "\xEF\xBB\xBF"
            "a: 1\n---\nb: 2\n");
}

TEST(Joined, TakesNothingFromEmptyFiles) {
  EXPECT_EQ(text_of({}), "");
  EXPECT_EQ(text_of({{"a", ""}}), "");
  EXPECT_EQ(text_of({{"a", ""}, {"b", "b: 2\n"}, {"c", ""}, {"d", "d: 4\n"}}), "b: 2\n---\nd: 4\n");
}

TEST(Joined, ASingleFileStaysAsItIs) {
  EXPECT_EQ(text_of({{"a", " {\"a\": 1}"}}), " {\"a\": 1}");
  EXPECT_EQ(text_of({{"a", "\xEF\xBB\xBF\r\na: 1"}}), "\xEF\xBB\xBF\r\na: 1");
}

TEST(Joined, RefusesJsonAmongSeveral) {
  const auto out = joined({{"a.yaml", "a: 1\n"}, {"b.json", "\n {\"a\": 1}"}});
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, error_code::invalid_input);
  EXPECT_THAT(out.error().message, HasSubstr("b.json is JSON"));
}

TEST(LooksLikeJson, GoesByTheFirstCharacter) {
  EXPECT_TRUE(looks_like_json("{}"));
  EXPECT_TRUE(looks_like_json("\xEF\xBB\xBF\n [1]"));
  EXPECT_FALSE(looks_like_json(""));
  EXPECT_FALSE(looks_like_json("# {}\n"));
  EXPECT_FALSE(looks_like_json("a: {}"));
}

}  // namespace
}  // namespace pinhook::pipeline
