#include <pinhook/files/image_file.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

registry::digest digest_of(char c) { return *registry::digest::parse("sha256:" + std::string(64, c)); }

image_file read(std::string text, std::string_view path = "values.yaml") {
  auto file = image_file::read(std::move(text), path, {});
  EXPECT_TRUE(file) << file.error().message;
  return *std::move(file);
}

error refusal(const image_file& file, const std::vector<change>& changes) {
  const auto out = file.rewrite(changes, pin::pin_format::digest);
  EXPECT_FALSE(out) << *out;
  return out ? error{} : out.error();
}

TEST(RewriteSlot, RefusesSkippedSlots) {
  const image_file file = read("services:\n  a: {image: mine:1, build: .}\n  b: {image: nginx}\n", "compose.yaml");
  const error built = refusal(file, {{0, digest_of('d')}});
  EXPECT_EQ(built.code, error_code::invalid_input);
  EXPECT_EQ(built.message, "line 2: \"mine:1\" is left as it is: built");
  EXPECT_EQ(refusal(file, {{2, digest_of('d')}}).code, error_code::invalid_input);
}

TEST(RewriteSlot, RefusesAnUnknownTag) {
  const image_file file = read("a: 1\nimage: nginx@" + digest_of('d').to_string() + " # keep me\n");
  const error unknown = refusal(file, {{0, std::nullopt}});
  EXPECT_EQ(unknown.code, error_code::invalid_input);
  EXPECT_EQ(unknown.message, "line 2: unknown tag of \"nginx@" + digest_of('d').to_string() + "\"");
  const change update[] = {{0, digest_of('e')}};
  EXPECT_EQ(file.rewrite(update, pin::pin_format::digest),
            "a: 1\nimage: nginx@" + digest_of('e').to_string() + " # keep me\n");
}

TEST(RewriteSlot, RefusesTwoValuesForTheSameBytes) {
  const image_file file =
      read("x-base: &base {image: nginx}\nservices:\n  a: {<<: *base}\n  b: {<<: *base}\n", "compose.yaml");
  ASSERT_EQ(file.slots().size(), 2U);
  const error both = refusal(file, {{0, digest_of('d')}, {1, digest_of('e')}});
  EXPECT_EQ(both.code, error_code::invalid_input);
  EXPECT_EQ(both.message,
            "line 1: \"nginx\" shares bytes with an image that gets another digest, through a merge key or an alias; "
            "write what differs in each");
  // A change of one also changes the other.
  const change one[] = {{1, digest_of('d')}};
  EXPECT_EQ(file.rewrite(one, pin::pin_format::digest),
            "x-base: &base {image: nginx@" + digest_of('d').to_string() +
                "} # nginx\nservices:\n  a: {<<: *base}\n  b: {<<: *base}\n");
}

TEST(RewriteSlot, ChangesNothingWithoutChanges) {
  const std::string text =
      "\xEF\xBB\xBF"
      "image:  nginx \r\n";
  EXPECT_EQ(read(text).rewrite({}, pin::pin_format::digest), text);
  EXPECT_EQ(read(text).text(), text);
}

TEST(RewriteSlot, KeepsTheTagsOfOthersOnTheLineTrue) {
  // An element would be read as the tag of the first digest of its name, whose tag is unknown.
  const std::string lone = "nginx@" + digest_of('c').to_string();
  const image_file file = read("[{image: " + lone + "}, {image: nginx:1}, {image: redis:7}]\n");
  const change changes[] = {{1, digest_of('d')}, {2, digest_of('e')}};
  EXPECT_EQ(file.rewrite(changes, pin::pin_format::digest), "[{image: " + lone + "}, {image: nginx:1@" +
                                                                digest_of('d').to_string() + "}, {image: redis@" +
                                                                digest_of('e').to_string() + "}] # redis:7\n");
}

struct suggestion_case {
  std::string_view text;
  std::string_view path;
  pin::pin_format format;
  std::string before_digest;
};

TEST(RewriteSlot, SuggestsTheTextThatItWouldWrite) {
  using enum pin::pin_format;
  const suggestion_case table[] = {
      {"image: 'nginx:1.25'\n", "values.yaml", digest, "nginx@"},
      {"image: nginx\n", "values.yaml", tag_and_digest, "nginx:latest@"},
      {"{\"image\": \"nginx:1.25\"}\n", "values.yaml", digest, "nginx:1.25@"},
      {"image: nginx:1.25 # kpt-set: ${image}\n", "values.yaml", digest, "nginx:1.25@"},
      {"i: {repository: a, tag: 1.25}\n", "values.yaml", digest, "tag: 1.25@"},
      {"i: {repository: a, tag: 1.25, digest: ''}\n", "values.yaml", digest, "digest: "},
      {"images: [{name: a, newTag: v1}]\n", "kustomization.yaml", digest, "digest: "},
      {"images: [{name: a, newTag: v1}]\n", "kustomization.yaml", tag_and_digest, "digest: "},
      {"images: [{name: a, newTag: v1, digest: ''}]\n", "kustomization.yaml", tag_and_digest, "digest: "},
  };
  for (const suggestion_case& one : table) {
    const image_file file = read(std::string(one.text), one.path);
    ASSERT_EQ(file.slots().size(), 1U) << one.text;
    EXPECT_EQ(file.suggestion({0, digest_of('d')}, one.format), one.before_digest + digest_of('d').to_string())
        << one.text;
  }
  EXPECT_EQ(read("a: b\n").suggestion({0, digest_of('d')}, digest), "");
  EXPECT_EQ(read("image: \"nginx:${TAG}\"\n").suggestion({0, digest_of('d')}, digest), "");
}

TEST(RewriteSlot, TellsTemplatesFromBrokenYaml) {
  const auto chart = image_file::read("a:\n  {{- if .Values.x }}\n  image: nginx\n  {{- end }}\n", "a.yaml", {});
  ASSERT_FALSE(chart);
  EXPECT_EQ(chart.error().code, error_code::unsupported);
  const auto broken = image_file::read("image: [", "a.yaml", {});
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, error_code::malformed);
}

}  // namespace
}  // namespace pinhook::files
