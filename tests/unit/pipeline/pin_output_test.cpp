#include <pinhook/pipeline/pin_output.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

input file(const std::string& path, const std::string& text, bool is_named = false) {
  return {path, files::image_file::read(text, path, {}), is_named};
}

TEST(PinOutput, OfADiffIsTheDiffs) {
  pin_output out(run_target::diff);
  const input known = file("b.yaml", "c: 1\n");
  EXPECT_TRUE(out.add(file("a.yaml", "a: 1\n"), "a: 2\n"));
  EXPECT_FALSE(out.add(file("same.yaml", "a: 1\n"), "a: 1\n"));
  EXPECT_TRUE(out.add(known, {}, diff_of(known, "c: 2\n"))) << "the diff tells what changes";
  EXPECT_TRUE(out.add(file("-", "d: 1\n"), "d: 2\n"));
  run_outcome done;
  ASSERT_TRUE(out.put_into(done, 4));
  EXPECT_EQ(done.out,
            "--- a/a.yaml\n+++ b/a.yaml\n@@ -1 +1 @@\n-a: 1\n+a: 2\n"
            "--- a/b.yaml\n+++ b/b.yaml\n@@ -1 +1 @@\n-c: 1\n+c: 2\n"
            "--- a/stdin\n+++ b/stdin\n@@ -1 +1 @@\n-d: 1\n+d: 2\n");
  EXPECT_THAT(done.writes, IsEmpty());
}

TEST(PinOutput, InPlaceIsWhatChangesBehindWhatThereWas) {
  pin_output out(run_target::in_place);
  EXPECT_TRUE(out.add(file("a.yaml", "a: 1\n"), "a: 2\n"));
  EXPECT_FALSE(out.add(file("same.yaml", "a: 1\n"), "a: 1\n"));
  run_outcome done;
  done.writes.push_back({"images.lock", "", {}});
  ASSERT_TRUE(out.put_into(done, 2));
  EXPECT_THAT(done.writes, ElementsAre(Field(&file_write::path, "images.lock"), Field(&file_write::path, "a.yaml")));
  EXPECT_EQ(done.writes.back().text, "a: 2\n");
  EXPECT_EQ(done.writes.back().before, mark_of("a: 1\n"));
  EXPECT_EQ(done.out, "");
}

TEST(PinOutput, OfAllIsEveryManifest) {
  pin_output out(run_target::standard_output);
  EXPECT_TRUE(out.add(file("a.yaml", "a: 1\n"), "a: 2\n"));
  EXPECT_FALSE(out.add(file("found.json", "{}"), "{}")) << "no manifest";
  EXPECT_FALSE(out.add(file("b.yaml", "b: 1\n"), "b: 1\n"));
  run_outcome done;
  ASSERT_TRUE(out.put_into(done, 3));
  EXPECT_EQ(done.out, "a: 2\n---\nb: 1\n");
}

TEST(PinOutput, OfJsonThatIsNamedIsNotJoined) {
  pin_output out(run_target::standard_output);
  EXPECT_FALSE(out.add(file("a.yaml", "a: 1\n"), "a: 1\n"));
  EXPECT_FALSE(out.add(file("b.json", "{}", true), "{}"));
  run_outcome done;
  const auto ok = out.put_into(done, 2);
  ASSERT_FALSE(ok);
  EXPECT_THAT(ok.error().message, HasSubstr("b.json is JSON"));
  EXPECT_EQ(done.out, "");
  // Alone it stays as it is, found or named.
  pin_output one(run_target::standard_output);
  EXPECT_FALSE(one.add(file("found.json", "{}"), "{}"));
  ASSERT_TRUE(one.put_into(done, 1));
  EXPECT_EQ(done.out, "{}");
}

}  // namespace
}  // namespace pinhook::pipeline
