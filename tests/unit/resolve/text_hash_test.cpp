#include <pinhook/resolve/text_hash.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

namespace pinhook::resolve {
namespace {

std::string random_text(std::mt19937& random, std::size_t size) {
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

TEST(TextHash, IsThatOfTheBytesWhereverTheyAre) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    const std::string text = random_text(random, size);
    for (std::size_t shift = 0; shift < 9; ++shift) {
      const std::string around = std::string(shift, 'x') + text + "behind";
      EXPECT_EQ(text_hash(std::string_view(around).substr(shift, size)), text_hash(text)) << size;
    }
  }
}

// Half of the bits, on average, and never as few as a table would notice.
TEST(TextHash, EachBitOfATextChangesIt) {
  std::mt19937 random(2);
  for (const std::size_t size : {1U, 2U, 3U, 4U, 7U, 8U, 9U, 15U, 16U, 17U, 31U, 32U, 33U, 71U, 110U}) {
    const std::string text = random_text(random, size);
    const std::uint64_t before = text_hash(text);
    double flipped = 0;
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      std::string other = text;
      other[bit / 8] = static_cast<char>(static_cast<unsigned char>(other[bit / 8]) ^ (1U << bit % 8));
      const int changed = std::popcount(before ^ text_hash(other));
      EXPECT_GT(changed, 8) << size << " bytes, bit " << bit;
      flipped += changed;
    }
    EXPECT_NEAR(flipped / static_cast<double>(8 * size), 32, 5) << size;
  }
}

TEST(TextHash, NamesThatAreAlikeAreSpread) {
  constexpr std::size_t buckets = 1024;
  constexpr std::size_t names = 64 * buckets;
  std::unordered_set<std::uint64_t> all;
  std::vector<std::size_t> low(buckets);
  std::vector<std::size_t> high(buckets);
  for (std::size_t i = 0; i < names; ++i) {
    const std::uint64_t hash = text_hash("registry.example.com:5000/team/app" + std::to_string(i) + ":1.25");
    all.insert(hash);
    ++low[hash % buckets];
    ++high[hash >> 54U];
  }
  EXPECT_EQ(all.size(), names);
  for (const auto& one : {low, high})
    for (const std::size_t held : one) EXPECT_NEAR(static_cast<double>(held), 64, 48);
}

TEST(TextHash, TheSizeCounts) {
  std::unordered_set<std::uint64_t> all;
  for (std::size_t size = 0; size < 300; ++size) all.insert(text_hash(std::string(size, '\0')));
  EXPECT_EQ(all.size(), 300U);
}

}  // namespace
}  // namespace pinhook::resolve
