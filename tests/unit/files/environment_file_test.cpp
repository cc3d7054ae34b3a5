#include <pinhook/files/environment_file.hpp>

#include <pinhook/files/image_file.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> images(std::string_view text) {
  const auto file = image_file::read(std::string(text), "deploy/.env", {});
  if (!file) return {file.error().message};
  std::vector<std::string> out;
  for (const slot& s : file->slots())
    out.push_back(fmt::format("{}:{} {} | {} | {}", s.line, s.column, s.name, s.written, to_string(s.reason)));
  return out;
}

TEST(EnvironmentFile, FindsImagesInVariables) {
  EXPECT_THAT(images("# ours\nWEB_IMAGE=nginx:1.25\n  export DB_IMAGE=\"postgres:18\" # db\r\nX=quay.io/acme/x:1\n"),
              ElementsAre("2:11 WEB_IMAGE | nginx:1.25 | no", "3:20 DB_IMAGE | postgres:18 | no",
                          "4:3 X | quay.io/acme/x:1 | no"));
}

// A name without a tag is a part of an image: "${IMAGE_NAME}:${VERSION}".
TEST(EnvironmentFile, LeavesOtherVariables) {
  for (const std::string_view line :
       {"IMAGE_NAME=ghcr.io/acme/web", "WEB_IMAGE=nginx", "WEB_IMAGE=", "WEB_IMAGE", "#WEB_IMAGE=nginx:1",
        "HOST=web:80", "URL=https://quay.io/acme/x:1", "LOGO_IMAGE=logo:1", "WEB_IMAGE=nginx:$TAG",
        "WEB_IMAGE=\"nginx:1", "=nginx:1", "WEB_IMAGE = nginx:1"})
    EXPECT_THAT(read_environment_file(line), IsEmpty()) << line;
}

// Not every program allows a comment behind a value.
TEST(EnvironmentFile, KeepsTheTagInTheReference) {
  const std::string text = "A=1\nWEB_IMAGE='nginx:1.25'\r\nB=2";
  const auto file = image_file::read(text, ".env", {});
  ASSERT_TRUE(file) << file.error().message;
  const auto digest = *registry::digest::parse("sha256:" + std::string(64, 'a'));
  const std::vector<change> changes{{0, digest}};
  const auto after = file->rewrite(changes, pin::pin_format::digest);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(*after, "A=1\nWEB_IMAGE='nginx:1.25@sha256:" + std::string(64, 'a') + "'\r\nB=2");
}

TEST(EnvironmentFile, HeedsSkipComments) {
  EXPECT_THAT(images("# pinhook: skip\nWEB_IMAGE=nginx:1.25\n"),
              ElementsAre("2:11 WEB_IMAGE | nginx:1.25 | skip-comment"));
}

}  // namespace
}  // namespace pinhook::files
