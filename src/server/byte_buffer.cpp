#include <pinhook/server/byte_buffer.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace pinhook::server {
namespace {

constexpr std::size_t first_size = std::size_t{16} * 1024;

}  // namespace

std::span<char> byte_buffer::room(std::size_t least) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (capacity_ < end_ + least + padding) {
    const std::size_t size = end_ - begin_;
    if (capacity_ >= size + least + padding) {
      std::memmove(data_.get(), data_.get() + begin_, size);
    } else {
      const std::size_t grown = std::max({first_size, capacity_ * 2, size + least + padding});
      // Not zeroed, so that the pages of a large body are touched when its bytes arrive, not when they are announced.
      std::unique_ptr<char[]> larger(new char[grown]);
      if (size != 0) std::memcpy(larger.get(), data_.get() + begin_, size);
      data_ = std::move(larger);
      capacity_ = grown;
    }
    begin_ = 0;
    end_ = size;
  }
  return {data_.get() + end_, capacity_ - end_ - padding};
}

void byte_buffer::consume(std::size_t count) {
  begin_ += std::min(count, size());
  if (begin_ == end_) begin_ = end_ = 0;
}

void byte_buffer::pad_with_zeros() {
  if (capacity_ >= end_ + padding) std::memset(data_.get() + end_, 0, padding);
}

byte_buffer buffer_pool::take() {
  if (free_.empty()) return {};
  byte_buffer out = std::move(free_.back());
  free_.pop_back();
  held_ -= out.capacity();
  return out;
}

void buffer_pool::give_back(byte_buffer b) {
  if (b.capacity() == 0 || held_ + b.capacity() > kept) return;
  b.consume(b.size());
  held_ += b.capacity();
  free_.push_back(std::move(b));
}

}  // namespace pinhook::server
