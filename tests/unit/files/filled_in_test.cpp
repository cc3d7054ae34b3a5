#include <pinhook/files/filled_in.hpp>

#include "support/found_slots.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pinhook::files {
namespace {

TEST(FilledIn, KnowsTheMarksOfManyPrograms) {
  for (const std::string_view image : {"{{ .Values.image }}",
                                       "$(params.image)",
                                       "${TAG}",
                                       "web:$TAG",
                                       "web:$[[ inputs.tag ]]",
                                       "__IMAGE__",
                                       "acme/web:__tag__",
                                       "ghcr.io/acme/web:v__BUILD__",
                                       "ghcr.io/acme/web:%TAG%",
                                       "@IMAGE@",
                                       "ghcr.io/acme/web:#{tag}#",
                                       "#{Octopus.Action.Image}",
                                       "(( grab meta.image ))",
                                       "<your-registry>/web:1",
                                       "{registry}/web:1",
                                       "[[ .image ]]",
                                       "CONTAINER_IMAGES_TAG",
                                       "web:CONTAINER_IMAGES_TAG",
                                       "REGISTRY/web:1",
                                       "REPLACE_ME",
                                       "web:VERSION",
                                       "BASEIMAGE"})
    EXPECT_TRUE(is_filled_in(image)) << image;
  for (const std::string_view image :
       {"nginx", "nginx:1.25", "acme/my__great__app:1", "web:v1__2", "minio:RELEASE.2024-01-01T00-00-00Z", "web:LATEST",
        "web:MAIN_42", "ghcr.io/acme/web@sha256:0000", "localhost:5000/web", "web:50%", "a@b", "Nginx:1.25", "",
        "web:1}", "((", "__", "web:%%"})
    EXPECT_FALSE(is_filled_in(image)) << image;
}

TEST(FilledIn, TellsBuiltImagesAndPatterns) {
  EXPECT_TRUE(is_built_later("ko://example.com/acme/cmd/web"));
  EXPECT_FALSE(is_built_later("docker://nginx:1.25"));
  for (const std::string_view pattern : {"*:latest", "!*:latest", "ghcr.io/acme/* | docker.io/acme/*", "!nginx", "?*"})
    EXPECT_TRUE(is_image_pattern(pattern)) << pattern;
  EXPECT_FALSE(is_image_pattern("nginx:1.25"));
}

std::string reason_in_pod(std::string_view image) {
  const auto found = test::found_slots(fmt::format(
      "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, image: \"{}\"}}]}}\n", image));
  return found.size() == 1 ? found[0].substr(found[0].rfind('|') + 2) : "none";
}

TEST(FilledIn, GivesImagesTheirReason) {
  EXPECT_EQ(reason_in_pod("ko://example.com/acme/cmd/web"), "(built)");
  EXPECT_EQ(reason_in_pod("__IMAGE__"), "(variable)");
  EXPECT_EQ(reason_in_pod("ghcr.io/acme/web:__TAG__"), "(variable)");
  EXPECT_EQ(reason_in_pod("ghcr.io/acme/web:#{tag}#"), "(variable)");
  EXPECT_EQ(reason_in_pod("(( grab meta.image ))"), "(variable)");
  EXPECT_EQ(reason_in_pod("ghcr.io/acme/web:%TAG%"), "(variable)");
  EXPECT_EQ(reason_in_pod("web:CONTAINER_IMAGES_TAG"), "(variable)");
  EXPECT_EQ(reason_in_pod("!*:latest"), "(pattern)");
  EXPECT_EQ(reason_in_pod("Web:1"), "(invalid)");
  EXPECT_EQ(reason_in_pod("web:1"), "web:1");
  // A digest decides, whatever the tag is called.
  EXPECT_EQ(reason_in_pod("web:VERSION@sha256:0000000000000000000000000000000000000000000000000000000000000001"),
            "web:VERSION");
}

}  // namespace
}  // namespace pinhook::files
