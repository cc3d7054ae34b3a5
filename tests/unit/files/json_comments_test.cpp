#include <pinhook/files/json_comments.hpp>

#include <pinhook/files/image_file.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

TEST(JsonComments, BecomeBlanks) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", ""},
      {"{}", "{}"},
      {"{} // x", "{}     "},
      {"// x\r\n{}", "    \r\n{}"},
      {"{/* a\nb */}", "{    \n    }"},
      {"{\"a//b\": \"/* c */\"}", "{\"a//b\": \"/* c */\"}"},
      {"{\"a\\\"//\": 1} // x", "{\"a\\\"//\": 1}     "},
      {"/* open", "       "},
      {"/", "/"},
      {"\"open // x\n// y", "\"open // x\n    "},
      {"/*/ {} */ 1", "          1"},
  };
  for (const auto& [text, bare] : cases) EXPECT_EQ(without_json_comments(text), bare) << text;
}

TEST(JsonComments, StayWhenADevContainerIsPinned) {
  const std::string text = R"({
	// ours: "image": "none"
	"name": "web", /* one */
	"image": "mcr.microsoft.com/devcontainers/base:ubuntu", // the image
	"features": {"ghcr.io/devcontainers/features/node:1": {},},
}
)";
  const auto file = image_file::read(text, ".devcontainer/devcontainer.json", {});
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->slots().size(), 1U);
  EXPECT_EQ(file->slots()[0].line, 4U);
  const auto digest = registry::digest::of("x");
  const std::vector<change> changes{{0, digest, std::nullopt}};
  const auto pinned = file->rewrite(changes, pin::pin_format::digest);
  ASSERT_TRUE(pinned) << pinned.error().message;
  std::string expected = text;
  expected.insert(text.find(":ubuntu") + 7, "@" + digest.to_string());
  EXPECT_EQ(*pinned, expected);
  const std::vector<change> back{{0, std::nullopt, std::nullopt}};
  EXPECT_EQ(*image_file::read(*pinned, ".devcontainer.json", {})->rewrite(back, pin::pin_format::digest), text);
  EXPECT_EQ(file->suggestion(changes[0], pin::pin_format::digest),
            "mcr.microsoft.com/devcontainers/base:ubuntu@" + digest.to_string());
}

}  // namespace
}  // namespace pinhook::files
