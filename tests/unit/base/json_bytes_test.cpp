#include <pinhook/base/json_bytes.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

namespace pinhook::json {
namespace {

// Every byte at every place of a block of others, and blocks of bytes drawn at random, half of them of those looked
// for.
std::vector<std::array<char, block_size>> blocks() {
  std::vector<std::array<char, block_size>> out;
  for (const char fill : {' ', '"', '{', '\xff'}) {
    for (int byte = 0; byte < 256; ++byte) {
      for (std::size_t place = 0; place < block_size; ++place) {
        out.emplace_back().fill(fill);
        out.back()[place] = static_cast<char>(byte);
      }
    }
  }
  constexpr std::string_view special = "\"\\[]{};[z|\x01\x02\x1f \xfb\xfd";
  std::mt19937 random(17);
  for (int i = 0; i < 1000; ++i) {
    for (char& c : out.emplace_back())
      c = random() % 2 == 0 ? special[random() % special.size()] : static_cast<char>(random());
  }
  return out;
}

TEST(JsonBytes, ABitStandsForEachByte) {
  std::array<char, block_size> text;
  text.fill('x');
  text[0] = text[63] = '"';
  text[1] = '\\';
  text[16] = '[';
  text[31] = '{';
  text[32] = ']';
  text[47] = '}';
  const auto bit = [](unsigned place) { return std::uint64_t{1} << place; };
  EXPECT_EQ(classify(text.data()), (masks{bit(0) | bit(63), bit(1), bit(16) | bit(31), bit(32) | bit(47)}));
}

TEST(JsonBytes, ClassifiesAsOneByOne) {
  for (const auto& b : blocks())
    ASSERT_EQ(classify(b.data()), plain::classify(b.data())) << ::testing::PrintToString(b);
}

TEST(JsonBytes, FindsSpecialBytesAsOneByOne) {
  for (const auto& b : blocks()) {
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 31U, 33U, 48U, 64U}) {
      // Memory of that size, so that a sanitizer sees a read behind it.
      const std::unique_ptr<char[]> text(new char[size]);
      std::copy_n(b.begin(), size, text.get());
      const char* const end = text.get() + size;
      ASSERT_EQ(find_special(text.get(), end) - text.get(), plain::find_special(text.get(), end) - text.get())
          << size << ' ' << ::testing::PrintToString(b);
    }
  }
}

}  // namespace
}  // namespace pinhook::json
