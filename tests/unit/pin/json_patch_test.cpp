#include <pinhook/pin/json_patch.hpp>

#include <pinhook/base/json_pointer.hpp>
#include <pinhook/pin/find_slots.hpp>

#include <gtest/gtest.h>

namespace pinhook::pin {
namespace {

TEST(JsonPatch, WritesItsOperationsInOrder) {
  json_patch patch;
  EXPECT_TRUE(patch.is_empty());
  EXPECT_EQ(patch.text(), "[]");
  patch.replace("/spec/image", "a");
  patch.add_object("/metadata/annotations");
  patch.add("/metadata/annotations/pinhook.dev~1pins", R"({"a":"b"})");
  EXPECT_FALSE(patch.is_empty());
  EXPECT_EQ(patch.text(), R"([{"op":"replace","path":"/spec/image","value":"a"},)"
                          R"({"op":"add","path":"/metadata/annotations","value":{}},)"
                          R"({"op":"add","path":"/metadata/annotations/pinhook.dev~1pins","value":"{\"a\":\"b\"}"}])");
}

TEST(JsonPatch, EscapesPointersAndStrings) {
  std::string pointer;
  append_pointer(pointer, "a/b~c");
  append_pointer(pointer, "d\"e");
  EXPECT_EQ(pointer, "/a~1b~0c/d\"e");
  json_patch patch;
  patch.replace(pointer, "x\n\"");
  EXPECT_EQ(patch.text(), R"([{"op":"replace","path":"/a~1b~0c/d\"e","value":"x\n\""}])");
}

}  // namespace
}  // namespace pinhook::pin
