#include <pinhook/base/key_list.hpp>

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <string_view>

namespace pinhook {
namespace {

TEST(KeyList, HoldsWhatWasAdded) {
  key_list keys;
  EXPECT_TRUE(keys.is_empty());
  EXPECT_EQ(keys.bits(), 0U);
  for (const std::string_view key : {"spec", "image", "spec", ""}) keys.add(key);
  EXPECT_FALSE(keys.is_empty());
  for (const std::string_view key : {"spec", "image", ""}) {
    EXPECT_TRUE(keys.holds(key)) << key;
    EXPECT_NE(keys.bits() & key_bit(key), 0U) << key;
  }
  // The same letter at the end of a text of the same length has the same bit, and is another key.
  EXPECT_EQ(key_bit("specs"), key_bit("ports"));
  keys.add("specs");
  EXPECT_FALSE(keys.holds("ports"));
}

TEST(KeyList, AKeyHasOneBit) {
  for (const std::string_view key : {"", "a", "kind", "apiVersion", "\xc3\xa4"})
    EXPECT_EQ(std::popcount(key_bit(key)), 1);
  constexpr std::array<std::string_view, 2> keys{"tag", "digest"};
  static_assert(bits_of(keys) == (key_bit("tag") | key_bit("digest")));
}

}  // namespace
}  // namespace pinhook
