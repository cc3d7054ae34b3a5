#include <pinhook/fleet/manifest.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace pinhook::fleet {
namespace {

using ::testing::ElementsAre;

registry::digest digest_of(char c) { return *registry::digest::parse("sha256:" + std::string(64, c)); }

manifest index(char name, const std::vector<std::pair<char, std::string>>& children) {
  manifest out{digest_of(name), {}};
  for (const auto& [digest, platform] : children) out.children.push_back({digest_of(digest), platform});
  return out;
}

manifests known_of(const std::vector<manifest>& all) {
  manifests out;
  for (const auto& one : all) out.emplace(one.digest, one);
  return out;
}

TEST(Manifest, ReadsTheChildrenOfAnIndex) {
  const auto child = [](char digest, const std::string& platform) {
    return fmt::format(R"({{"digest":"sha256:{}","platform":{}}})", std::string(64, digest), platform);
  };
  const std::string text =
      R"({"schemaVersion":2,"manifests":[)" + child('a', R"({"os":"linux","architecture":"x86_64"})") + "," +
      child('b', R"({"os":"linux","architecture":"arm","variant":"v6"})") + "," +
      child('c', R"({"os":"unknown","architecture":"unknown"})") + "," + child('d', "null") + R"(,{"digest":"x"},1]})";
  const auto read = read_manifest(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->digest, registry::digest::of(text));
  EXPECT_THAT(read->children,
              ElementsAre(index_child{digest_of('a'), "linux/amd64"}, index_child{digest_of('b'), "linux/arm/v6"},
                          index_child{digest_of('c'), ""}, index_child{digest_of('d'), ""}));
}

TEST(Manifest, ReadsAnImageAndRefusesOtherDocuments) {
  const auto image = read_manifest(R"({"schemaVersion":2,"config":{},"layers":[]})");
  ASSERT_TRUE(image);
  EXPECT_TRUE(image->children.empty());
  EXPECT_EQ(read_manifest(R"({"schemaVersion":1,"fsLayers":[]})").error().code, error_code::unsupported);
  for (const std::string text : {"", "[]", "{}", "{\"manifests\":1}", "x"}) EXPECT_FALSE(read_manifest(text)) << text;
}

TEST(SameImage, IsAnIndexAndItsPlatforms) {
  // 1 is an index of a and b; 2 and 3 are images; 4 and 5 are not known.
  const auto known =
      known_of({index('1', {{'a', "linux/amd64"}, {'b', "linux/arm64"}}), index('2', {}), index('3', {})});
  struct row {
    char a, b;
    std::optional<bool> same;
  };
  const row rows[] = {
      {'4', '4', true},  {'1', 'a', true},  {'a', '1', true},  {'a', 'b', true},         {'1', '4', false},
      {'4', '1', false}, {'1', '2', false}, {'2', '3', false}, {'2', '4', std::nullopt}, {'4', '5', std::nullopt},
  };
  for (const row& one : rows)
    EXPECT_EQ(same_image(digest_of(one.a), digest_of(one.b), known), one.same) << one.a << one.b;
}

TEST(MoveOf, TellsTheKindsApart) {
  const auto known = known_of({
      index('1', {{'a', "linux/amd64"}, {'b', "linux/arm64"}, {'c', ""}}),
      index('2', {{'a', "linux/amd64"}, {'b', "linux/arm64"}, {'d', ""}}),  // another attestation
      index('3', {{'a', "linux/amd64"}}),                                   // fewer platforms
      index('4', {{'a', "linux/amd64"}, {'e', "linux/arm64"}}),             // other bytes for one
      index('5', {{'f', "windows/amd64"}}),                                 // none in common
      index('a', {}),
      index('e', {}),
  });
  struct row {
    char before, now;
    std::string tag;
    bool was_lost;
    move kind;
  };
  const row rows[] = {
      {'1', '1', "1.4.2", false, move::none},        {'1', '2', "1.4.2", false, move::list},
      {'1', '3', "1.4", false, move::list},          {'1', '4', "1.4", false, move::bytes},
      {'1', '4', "1.4.2", false, move::version_tag}, {'1', '5', "1.4", false, move::bytes},
      {'a', '1', "1.4", false, move::list},          {'1', 'a', "1.4", false, move::list},
      {'a', 'e', "1.4", false, move::bytes},         {'a', 'e', "v1.4.2", false, move::version_tag},
      {'9', '1', "1.4.2", false, move::unknown},     {'1', '9', "1.4.2", false, move::unknown},
      {'9', '1', "1.4.2", true, move::version_tag},  {'9', '1', "latest", true, move::bytes},
  };
  for (const row& one : rows)
    EXPECT_EQ(to_string(move_of(digest_of(one.before), digest_of(one.now), known, one.tag, one.was_lost)),
              to_string(one.kind))
        << one.before << one.now << one.tag;
}

}  // namespace
}  // namespace pinhook::fleet
