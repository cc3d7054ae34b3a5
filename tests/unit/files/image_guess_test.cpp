#include <pinhook/files/image_guess.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace pinhook::files {
namespace {

TEST(ImageGuess, KnowsTextsThatMayBeImages) {
  for (const std::string_view text : {"nginx", "nginx:1.25", "Nginx:1.25", "${REGISTRY}/a", "acme/a:{{ .Tag }}"})
    EXPECT_TRUE(may_be_image(text)) << text;
  for (const std::string_view text :
       {"", "logo.svg", "https://example.com/{{ .Path }}", "/a:1", "./a:1", "A sentence: this", "Nginx"})
    EXPECT_FALSE(may_be_image(text)) << text;
}

}  // namespace
}  // namespace pinhook::files
