// operator new and delete, as all code uses them (src/base/small_blocks.cpp).
#include "support/dice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>
#include <thread>
#include <utility>
#include <vector>

namespace pinhook {
namespace {

struct block {
  unsigned char* at;
  std::size_t size;
  unsigned char filled;
};

block make(std::size_t size, unsigned char filled) {
  auto* const at = static_cast<unsigned char*>(::operator new(size));
  std::memset(at, filled, size);
  return {at, size, filled};
}

bool is_whole(const block& b) {
  return std::all_of(b.at, b.at + b.size, [&](unsigned char c) { return c == b.filled; });
}

TEST(SmallBlocks, AreAlignedAndApart) {
  for (std::size_t size = 0; size <= 2'100; ++size) {
    std::vector<block> all;
    for (unsigned char i = 0; i < 5; ++i) {
      all.push_back(make(size, i));
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(all.back().at) % alignof(std::max_align_t), 0U) << size;
    }
    for (const block& b : all) EXPECT_TRUE(is_whole(b)) << size;
    for (const block& b : all) ::operator delete(b.at, b.size);
  }
}

// Sized and not, in any order, a few and more than a thread keeps.
TEST(SmallBlocks, HoldTheirBytesWhateverOthersDo) {
  testing::dice d(5);
  std::vector<block> all;
  for (int n = 0; n < 60'000; ++n) {
    if (all.size() < 300 && !d.once_in(3)) {
      all.push_back(make(d.roll(d.once_in(20) ? 3'000 : 300), static_cast<unsigned char>(n)));
      continue;
    }
    if (all.empty()) continue;
    std::swap(all[d.roll(all.size())], all.back());
    const block b = all.back();
    all.pop_back();
    ASSERT_TRUE(is_whole(b)) << b.size;
    if (d.once_in(5))
      ::operator delete(b.at);
    else
      ::operator delete(b.at, b.size);
  }
  for (const block& b : all) ::operator delete(b.at, b.size);
  ::operator delete(nullptr, 16);
  ::operator delete(nullptr);
}

// Made by one thread and freed by another, which then ends.
TEST(SmallBlocks, MayBeFreedByAnotherThread) {
  std::atomic<int> broken{0};
  for (int round = 0; round < 20; ++round) {
    std::vector<block> given;
    for (std::size_t i = 0; i < 500; ++i) given.push_back(make(i % 400, static_cast<unsigned char>(i)));
    std::thread other([&] {
      for (const block& b : given) {
        broken += is_whole(b) ? 0 : 1;
        ::operator delete(b.at, b.size);
      }
      given.clear();
      for (std::size_t i = 0; i < 500; ++i) given.push_back(make(i % 400, static_cast<unsigned char>(i)));
    });
    other.join();
    for (const block& b : given) {
      broken += is_whole(b) ? 0 : 1;
      ::operator delete(b.at, b.size);
    }
  }
  EXPECT_EQ(broken, 0);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PINHOOK_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define PINHOOK_SANITIZED 1
#endif
#endif
#ifndef PINHOOK_SANITIZED
TEST(SmallBlocks, AreHandedOutAgain) {
  std::thread([] {
    void* const first = ::operator new(100);
    ::operator delete(first, 100);
    void* const second = ::operator new(97);
    EXPECT_EQ(second, first);
    ::operator delete(second, 97);
  }).join();
}

// A sanitizer ends the process instead.
TEST(SmallBlocks, TooMuchIsAnException) {
  volatile std::size_t size = static_cast<std::size_t>(-1) / 4;
  EXPECT_THROW(static_cast<void>(::operator new(size)), std::bad_alloc);
}
#endif

}  // namespace
}  // namespace pinhook
