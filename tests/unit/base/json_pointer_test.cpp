#include <pinhook/base/json_pointer.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pinhook {
namespace {

TEST(JsonPointer, EscapesWhatSeparatesParts) {
  std::string pointer = "/spec";
  append_pointer(pointer, "a/b~c");
  append_pointer(pointer, "");
  EXPECT_EQ(pointer, "/spec/a~1b~0c/");
}

TEST(JsonPointer, IsTakenApart) {
  std::string_view pointer = "/spec/a~1b~0c//~2/~";
  for (const std::string_view part : {"spec", "a/b~c", "", "~", "~"}) EXPECT_EQ(take_part(pointer), part);
  EXPECT_TRUE(pointer.empty());
}

TEST(JsonPointer, AnIndexIsDigitsAlone) {
  for (const std::string_view part : {"0", "12", "007"}) EXPECT_TRUE(is_index(part)) << part;
  for (const std::string_view part : {"", "-", "-1", "1a", "x"}) EXPECT_FALSE(is_index(part)) << part;
}

}  // namespace
}  // namespace pinhook
