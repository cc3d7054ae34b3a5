#include <pinhook/pin/image_keys.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace pinhook::pin {
namespace {

TEST(ImageKeys, KnowsKeysOfImages) {
  for (const std::string_view key : {"image", "imageName", "initImage", "init_image", "init-image", "INIT_IMAGE",
                                     "RELATED_IMAGE_WORKER", "dockerImage", "sidecarImageName", "baseImage", "IMAGE",
                                     "image_name", "base_image_name", "imagePullSpec", "workImagePullSpec"})
    EXPECT_TRUE(names_image(key)) << key;
  for (const std::string_view key :
       {"", "Image2", "images", "imagePullPolicy", "imageTag", "backgroundImage", "customLogoImage", "logo_image",
        "osImage", "machineImage", "OS_IMAGE", "vmImage", "reimage", "RELATED_IMAGE_", "iconImage", "MYIMAGE"})
    EXPECT_FALSE(names_image(key)) << key;
  for (const std::string_view key : {"image", "reimage", "logoImage", "OS_IMAGE", "imagename", "base_image_name"})
    EXPECT_TRUE(is_like_image_key(key)) << key;
  for (const std::string_view key : {"", "e", "mage", "images", "imageTag", "name", "spec", "imageSpec"})
    EXPECT_FALSE(is_like_image_key(key)) << key;
  EXPECT_TRUE(is_image_list_key("images"));
  EXPECT_TRUE(is_image_list_key("initImages"));
  EXPECT_FALSE(is_image_list_key("logoImages"));
  EXPECT_FALSE(is_image_list_key("image"));
  EXPECT_TRUE(is_image_variable("RELATED_IMAGE_WORKER"));
  EXPECT_TRUE(is_image_variable("WORKER_IMAGE"));
  EXPECT_FALSE(is_image_variable("workerImage"));
  EXPECT_FALSE(is_image_variable("IMAGE_PULL_POLICY"));
}

TEST(ImageKeys, KnowsTextsOfImages) {
  for (const std::string_view text : {"nginx:1.25", "ghcr.io/acme/api", "acme/init:1.0", "localhost:5000/a"})
    EXPECT_TRUE(is_whole_image(text)) << text;
  for (const std::string_view text : {"nginx", "acme/init", "img/logo.png", "https://example.com/a:1", "./a:1", "/a:1",
                                      "A sentence: this", "ubuntu.iso", "", "Nginx:1"})
    EXPECT_FALSE(is_whole_image(text)) << text;
}

}  // namespace
}  // namespace pinhook::pin
