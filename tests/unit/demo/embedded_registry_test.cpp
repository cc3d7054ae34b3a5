#include <pinhook/demo/embedded_registry.hpp>

#include <pinhook/base/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::demo {
namespace {

using ::testing::HasSubstr;

server::response get(embedded_registry& r, std::string target) {
  return r.answer({.method = "GET", .target = std::move(target), .content_type = {}, .body = {}, .received = {}});
}

std::string header(const server::response& r, std::string_view name) {
  for (const auto& [key, value] : r.headers)
    if (key == name) return value;
  return {};
}

TEST(DemoRegistry, GivesManifestsByTagAndByDigest) {
  embedded_registry r;
  const auto d = r.push("shop/web", "1.4", image_manifest("one"));
  const auto by_tag = get(r, "/v2/shop/web/manifests/1.4");
  EXPECT_EQ(by_tag.status, 200U);
  EXPECT_EQ(by_tag.content_type, "application/vnd.oci.image.manifest.v1+json");
  EXPECT_EQ(header(by_tag, "Docker-Content-Digest"), d.to_string());
  EXPECT_EQ(registry::digest::of(by_tag.body), d);
  const auto by_digest = get(r, "/v2/shop/web/manifests/" + d.to_string());
  EXPECT_EQ(by_digest.body, by_tag.body);
  EXPECT_EQ(r.manifest_requests(), 2U);
}

TEST(DemoRegistry, MovedTagsLeaveTheOldManifestBehind) {
  embedded_registry r;
  const auto old = r.push("a", "t", image_manifest("one"));
  const auto moved = r.push("a", "t", image_manifest("two"));
  EXPECT_NE(old, moved);
  EXPECT_EQ(header(get(r, "/v2/a/manifests/t"), "Docker-Content-Digest"), moved.to_string());
  EXPECT_EQ(get(r, "/v2/a/manifests/" + old.to_string()).status, 200U);
}

TEST(DemoRegistry, ManifestsAreValidJsonWithTheirMediaType) {
  for (const auto& manifest : {image_manifest("x"), image_index("x")}) {
    const auto parsed = json::parse(manifest.bytes);
    ASSERT_TRUE(parsed) << manifest.bytes;
    EXPECT_EQ(json::find_string(*parsed, "mediaType"), manifest.media_type);
    EXPECT_EQ(json::find_integer(*parsed, "schemaVersion"), 2);
  }
  EXPECT_NE(image_manifest("x", "arm64").bytes, image_manifest("x").bytes);
}

TEST(DemoRegistry, AnswersErrorsAsTheSpecificationHasThem) {
  embedded_registry r;
  r.push("a", "t", image_manifest("one"));
  EXPECT_EQ(get(r, "/v2/").status, 200U);
  struct sample {
    const char* target;
    const char* code;
  };
  for (const sample& s : {sample{"/v2/a/manifests/other", "MANIFEST_UNKNOWN"},
                          sample{"/v2/b/manifests/t", "NAME_UNKNOWN"}, sample{"/v2/a/blobs/x", "NAME_INVALID"},
                          sample{"/v2/manifests/t", "NAME_INVALID"}, sample{"/", "NAME_INVALID"}}) {
    const auto answer = get(r, s.target);
    EXPECT_EQ(answer.status, 404U) << s.target;
    EXPECT_THAT(answer.body, HasSubstr(s.code)) << s.target;
    EXPECT_TRUE(json::parse(answer.body)) << answer.body;
  }
}

}  // namespace
}  // namespace pinhook::demo
