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

template <typename Kernel>
void expect_as_one_by_one() {
  for (const auto& b : blocks()) {
    const masks expected = plain::classify(b.data());
    ASSERT_EQ(Kernel::classify(b.data()), expected) << ::testing::PrintToString(b);
    std::uint64_t parity = 0;
    unsigned count = 0;
    for (unsigned i = 0; i < 64; ++i) {
      count += (expected.quote >> i & 1) != 0 ? 1 : 0;
      if (count % 2 != 0) parity |= std::uint64_t{1} << i;
    }
    ASSERT_EQ(Kernel::count(expected.quote), count) << expected.quote;
    ASSERT_EQ(Kernel::parity(expected.quote), parity) << expected.quote;
  }
}

TEST(JsonBytes, TheKernelOfEveryProcessorWorksAsOneByOne) { expect_as_one_by_one<kernel>(); }

#if defined(__SSE2__)
TEST(JsonBytes, TheWideKernelWorksAsOneByOne) {
  if (!wide_kernel::is_supported()) GTEST_SKIP() << "this processor has no AVX2";
  expect_as_one_by_one<wide_kernel>();
}
#endif

TEST(JsonBytes, FindsSpecialAndRemarkableBytesAsOneByOne) {
  for (const auto& b : blocks()) {
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 31U, 33U, 48U, 64U}) {
      // Memory of that size, so that a sanitizer sees a read behind it.
      const std::unique_ptr<char[]> text(new char[size]);
      std::copy_n(b.begin(), size, text.get());
      const char* const end = text.get() + size;
      ASSERT_EQ(find_special(text.get(), end) - text.get(), plain::find_special(text.get(), end) - text.get())
          << size << ' ' << ::testing::PrintToString(b);
      ASSERT_EQ(find_remarkable(text.get(), end) - text.get(), plain::find_remarkable(text.get(), end) - text.get())
          << size << ' ' << ::testing::PrintToString(b);
    }
  }
}

TEST(JsonBytes, PlainTextsAreToldFromOthersOfEachSize) {
  for (std::size_t size = 0; size <= 70; ++size) {
    const std::unique_ptr<char[]> text(new char[size]);
    std::fill_n(text.get(), size, 'a');
    ASSERT_TRUE(is_plain(text.get(), size)) << size;
    for (std::size_t at = 0; at < size; ++at) {
      for (int c = -128; c < 128; ++c) {
        text[at] = static_cast<char>(c);
        ASSERT_EQ(is_plain(text.get(), size), !is_remarkable(text[at])) << size << ' ' << at << ' ' << c;
      }
      text[at] = 'a';
    }
  }
}

}  // namespace
}  // namespace pinhook::json
