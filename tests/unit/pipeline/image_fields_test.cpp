#include <pinhook/pipeline/image_fields.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

files::slot image_at(const std::string& pointer, const std::string& kind = "Engine",
                     const std::string& group = "e.io") {
  files::slot out;
  out.pointer = pointer;
  out.kind = kind;
  out.group = group;
  return out;
}

TEST(ImageFields, AreThoseOfConfigurations) {
  const auto found = image_fields(
      "images:\n- path: spec/image\n  kind: Engine\n- {path: 'spec/workers[]/image', group: e.io}\n- {kind: x}\n"
      "namePrefix: [{path: metadata/name}]\n");
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].path, "spec/image");
  EXPECT_EQ(found[0].kind, "Engine");
  EXPECT_EQ(found[1].group, "e.io");
  for (const char* text : {"", "images: none", "images: [spec/image]", "{{", "kind: ImageTagTransformer\n"})
    EXPECT_THAT(image_fields(text), IsEmpty()) << text;
}

TEST(ImageFields, ReachImagesByKindAndPath) {
  EXPECT_TRUE(is_reached(image_at("/spec/image"), {"spec/image", "", "Engine"}));
  EXPECT_TRUE(is_reached(image_at("/spec/image"), {"spec/image", "e.io", ""}));
  EXPECT_TRUE(is_reached(image_at("/items/3/spec/image"), {"spec/image", "", ""}));
  for (const char* path : {"spec/workers/image", "spec/workers[]/image"})
    EXPECT_TRUE(is_reached(image_at("/spec/workers/0/image"), {path, "", ""})) << path;
  EXPECT_TRUE(is_reached(image_at("/spec/images/2"), {"spec/images[]", "", ""}));
  EXPECT_FALSE(is_reached(image_at("/spec/image"), {"spec/image", "", "Other"}));
  EXPECT_FALSE(is_reached(image_at("/spec/image"), {"spec/image", "other", ""}));
  for (const char* path : {"spec", "spec/image/x", "spec/images", "image", "spec/x/image"})
    EXPECT_FALSE(is_reached(image_at("/spec/image"), {path, "", ""})) << path;
  auto text = image_at("/spec/image");
  text.is_in_text = true;
  EXPECT_FALSE(is_reached(text, {"spec/image", "", ""}));
}

TEST(ImageFields, OfTransformersComeWithTheirEntry) {
  const std::string text =
      "apiVersion: builtin\nkind: ImageTagTransformer\nimageTag: {name: web, newName: m.example/web}\n"
      "fieldSpecs: [{path: spec/image, kind: Engine}]\n---\nkind: PrefixTransformer\nprefix: x\n";
  EXPECT_THAT(image_fields(text), SizeIs(1));
  const auto entries = transformer_entries(text);
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].name, "web");
  EXPECT_EQ(entries[0].new_name, "m.example/web");
  EXPECT_EQ(entries[0].fault, transformer_fault);
  EXPECT_THAT(transformer_entries("kind: ImageTagTransformer\n"), IsEmpty());
}

}  // namespace
}  // namespace pinhook::pipeline
