#include <pinhook/server/byte_buffer.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>

namespace pinhook::server {
namespace {

void append(byte_buffer& b, std::string_view bytes) {
  const auto room = b.room(bytes.size());
  ASSERT_GE(room.size(), bytes.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
  b.commit(bytes.size());
}

TEST(ByteBuffer, KeepsTheRestWhenItGrows) {
  byte_buffer b;
  append(b, "hello world");
  b.consume(6);
  append(b, std::string(100'000, 'x'));
  EXPECT_EQ(b.view(), "world" + std::string(100'000, 'x'));
}

TEST(ByteBuffer, UsesTheSpaceInFrontBeforeItGrows) {
  byte_buffer b;
  append(b, std::string(10'000, 'a') + "tail");
  const auto before = b.capacity();
  b.consume(10'000);
  append(b, std::string(10'000, 'b'));
  EXPECT_EQ(b.capacity(), before);
  EXPECT_EQ(b.view(), "tail" + std::string(10'000, 'b'));
}

TEST(ByteBuffer, AlwaysHasPaddingBehind) {
  byte_buffer b;
  const auto room = b.room(1);
  b.commit(room.size());
  EXPECT_EQ(b.capacity(), b.size() + byte_buffer::padding);
  b.pad_with_zeros();
  EXPECT_EQ(std::string(b.view().data() + b.size(), byte_buffer::padding), std::string(byte_buffer::padding, '\0'));
}

TEST(ByteBuffer, IsEmptyAfterItWasMovedFrom) {
  byte_buffer b;
  append(b, "x");
  const byte_buffer c = std::move(b);
  EXPECT_EQ(c.view(), "x");
  EXPECT_TRUE(b.is_empty());  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_EQ(b.capacity(), 0U);
}

TEST(BufferPool, GivesBackWhatItGot) {
  buffer_pool pool;
  byte_buffer b = pool.take();
  EXPECT_EQ(b.capacity(), 0U);
  append(b, "left over");
  const auto capacity = b.capacity();
  pool.give_back(std::move(b));
  EXPECT_EQ(pool.held(), capacity);
  const byte_buffer again = pool.take();
  EXPECT_EQ(again.capacity(), capacity);
  EXPECT_TRUE(again.is_empty());
  EXPECT_EQ(pool.held(), 0U);
}

TEST(BufferPool, KeepsNoMoreThanItsLimit) {
  buffer_pool pool;
  byte_buffer large;
  append(large, std::string(buffer_pool::kept + 1, 'x'));
  pool.give_back(std::move(large));
  EXPECT_EQ(pool.held(), 0U);
  for (int i = 0; i < 1000; ++i) {
    byte_buffer b;
    append(b, "x");
    pool.give_back(std::move(b));
  }
  EXPECT_LE(pool.held(), buffer_pool::kept);
  EXPECT_GT(pool.held(), buffer_pool::kept / 2);
}

}  // namespace
}  // namespace pinhook::server
