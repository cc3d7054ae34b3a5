#include <pinhook/pin/json_pointer.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pinhook::pin {
namespace {

TEST(JsonPointer, EscapesWhatSeparatesParts) {
  std::string pointer = "/spec";
  append_pointer(pointer, "a/b~c");
  append_pointer(pointer, "");
  EXPECT_EQ(pointer, "/spec/a~1b~0c/");
}

TEST(JsonPointer, AnIndexIsDigitsAlone) {
  for (const std::string_view part : {"0", "12", "007"}) EXPECT_TRUE(is_index(part)) << part;
  for (const std::string_view part : {"", "-", "-1", "1a", "x"}) EXPECT_FALSE(is_index(part)) << part;
}

}  // namespace
}  // namespace pinhook::pin
