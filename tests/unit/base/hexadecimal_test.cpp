#include <pinhook/base/hexadecimal.hpp>

#include <gtest/gtest.h>

namespace pinhook {
namespace {

TEST(Hexadecimal, GoesThereAndBack) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(encode_hexadecimal(all).substr(0, 8), "00010203");
  EXPECT_EQ(encode_hexadecimal(all).substr(504), "fcfdfeff");
  EXPECT_EQ(decode_hexadecimal(encode_hexadecimal(all)), all);
}

TEST(Hexadecimal, ReadsEitherCaseAndNothingElse) {
  EXPECT_EQ(decode_hexadecimal("aAfF09"), "\xaa\xff\x09");
  EXPECT_EQ(decode_hexadecimal(""), "");
  for (const char* bad : {"a", "abc", "0g", "0x", " 0", "0 "}) EXPECT_FALSE(decode_hexadecimal(bad)) << bad;
}

}  // namespace
}  // namespace pinhook
