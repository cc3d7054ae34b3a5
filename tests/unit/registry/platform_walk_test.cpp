#include <pinhook/registry/platform_walk.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace pinhook::registry {
namespace {

constexpr std::string_view index_type = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view image_type = "application/vnd.oci.image.manifest.v1+json";

digest numbered(std::size_t n) { return digest::of(fmt::format("manifest {}", n)); }

std::string index_to(const digest& where, std::string_view type = index_type) {
  return fmt::format(R"({{"schemaVersion":2,"manifests":[{{"mediaType":"{}","digest":"{}","size":7}}]}})", type,
                     where.to_string());
}

platform_walk walk() {
  return {{"registry r.example", "\"acme/api:v1\"", "", false}, platform::parse("linux/amd64").value()};
}

std::string text_of(const platform_walk::step& s) {
  if (const auto* found = std::get_if<digest>(&s)) return "found " + found->to_string();
  if (const auto* next = std::get_if<ask_manifest>(&s)) return "manifest " + next->digest.to_string();
  if (const auto* next = std::get_if<ask_configuration>(&s)) return "configuration " + next->digest.to_string();
  return std::get<error>(s).message;
}

TEST(PlatformWalk, GoesFourLevelsDeepAndNoDeeper) {
  auto w = walk();
  for (std::size_t level = 0; level + 1 < max_index_depth; ++level)
    ASSERT_EQ(text_of(w.read_manifest(numbered(level), index_to(numbered(level + 1)))),
              "manifest " + numbered(level + 1).to_string());
  auto deeper = w;
  EXPECT_EQ(text_of(deeper.read_manifest(numbered(3), index_to(numbered(4)))),
            "registry r.example answered for \"acme/api:v1\" with indexes within indexes, deeper than 4");
  const std::string config = R"({"architecture":"amd64","os":"linux"})";
  const digest named = digest::of(config);
  ASSERT_EQ(text_of(w.read_manifest(numbered(3), index_to(numbered(4), image_type))),
            "manifest " + numbered(4).to_string());
  ASSERT_EQ(text_of(w.read_manifest(numbered(4),
                                    fmt::format(R"({{"config":{{"digest":"{}"}},"layers":[]}})", named.to_string()))),
            "configuration " + named.to_string());
  EXPECT_EQ(text_of(w.read_configuration(config)), "found " + numbered(4).to_string());
}

// By sha256 no index can hold its own digest; other algorithms are not checked against the bytes.
TEST(PlatformWalk, IsNotLedInCircles) {
  auto w = walk();
  EXPECT_EQ(text_of(w.read_manifest(numbered(0), index_to(numbered(1)))), "manifest " + numbered(1).to_string());
  EXPECT_EQ(text_of(w.read_manifest(numbered(1), index_to(numbered(0)))),
            "registry r.example answered for \"acme/api:v1\" with an index that leads back to itself");
}

// A manifest that is called an image and is an index each time: no more requests than levels.
TEST(PlatformWalk, IsBoundedWhateverIsAnswered) {
  auto w = walk();
  std::size_t requests = 0;
  while (std::holds_alternative<ask_manifest>(
      w.read_manifest(numbered(requests), index_to(numbered(requests + 1), image_type))))
    ++requests;
  EXPECT_EQ(requests, max_index_depth);
}

TEST(PlatformWalk, AnImageForAnotherPlatformIsNotFound) {
  auto w = walk();
  const std::string config = R"({"architecture":"arm64","os":"linux"})";
  ASSERT_EQ(text_of(w.read_manifest(numbered(0), index_to(numbered(1), image_type))),
            "manifest " + numbered(1).to_string());
  ASSERT_TRUE(std::holds_alternative<ask_configuration>(w.read_manifest(
      numbered(1), fmt::format(R"({{"config":{{"digest":"{}"}},"layers":[]}})", digest::of(config).to_string()))));
  const auto last = w.read_configuration(config);
  ASSERT_TRUE(std::holds_alternative<error>(last));
  EXPECT_EQ(std::get<error>(last).code, error_code::not_found);
}

}  // namespace
}  // namespace pinhook::registry
