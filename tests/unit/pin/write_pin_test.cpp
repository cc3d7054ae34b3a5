#include <pinhook/pin/write_pin.hpp>

#include <gtest/gtest.h>

#include <string>

namespace pinhook::pin {
namespace {

std::string written(std::string_view image, pin_format format) {
  const auto ref = registry::reference::parse(image);
  const auto digest = registry::digest::parse("sha256:" + std::string(64, 'a'));
  const std::string text = write_pin(ref->written_name(), ref->effective_tag(), *digest, format);
  // A written pin is read back as the same image.
  const auto again = registry::reference::parse(text);
  EXPECT_TRUE(again && again->digest() == *digest && again->repository() == ref->repository()) << text;
  return text.substr(0, text.find('@'));
}

TEST(WritePin, KeepsTheAuthorsName) {
  for (const char* name : {"nginx", "library/nginx", "docker.io/nginx", "index.docker.io/library/nginx",
                           "localhost:5000/a/b", "[fc00::1]:5000/x"}) {
    EXPECT_EQ(written(name, pin_format::digest), name);
    EXPECT_EQ(written(std::string(name) + ":1.25", pin_format::digest), name);
    EXPECT_EQ(written(std::string(name) + ":1.25", pin_format::tag_and_digest), std::string(name) + ":1.25");
    EXPECT_EQ(written(name, pin_format::tag_and_digest), std::string(name) + ":latest");
  }
}

TEST(WritePin, GivesThePartThatASlotHolds) {
  const std::string hex(64, 'a');
  const std::string pinned = "localhost:5000/a/b:1.25@sha256:" + hex;
  EXPECT_EQ(value_of(pinned, slot_value::image), pinned);
  EXPECT_EQ(value_of(pinned, slot_value::tag), "1.25@sha256:" + hex);
  EXPECT_EQ(value_of(pinned, slot_value::digest), "sha256:" + hex);
  EXPECT_EQ(value_of(pinned, slot_value::hex_digest), hex);
  EXPECT_EQ(value_of("a@sha256:" + hex, slot_value::digest_or_tag), "sha256:" + hex);
  EXPECT_EQ(format_of(slot_value::image), std::nullopt);
  EXPECT_EQ(format_of(slot_value::tag), pin_format::tag_and_digest);
  EXPECT_EQ(format_of(slot_value::digest_or_tag), pin_format::digest);
}

}  // namespace
}  // namespace pinhook::pin
