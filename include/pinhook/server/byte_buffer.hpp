// Bytes of a connection: written at the end, taken from the front, with 32 readable bytes behind the content.
//
// A `buffer_pool` keeps a few for the sessions of one thread, so that a connection without a request holds none.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::server {

class byte_buffer {
 public:
  /// Readable bytes behind the content, with any value: SIMD readers read past the end.
  static constexpr std::size_t padding = 32;

  byte_buffer() = default;
  /// The source is left without memory.
  byte_buffer(byte_buffer&& other) noexcept
      : data_(std::move(other.data_)),
        capacity_(std::exchange(other.capacity_, 0)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)) {}
  byte_buffer& operator=(byte_buffer&& other) noexcept {
    data_ = std::move(other.data_);
    capacity_ = std::exchange(other.capacity_, 0);
    begin_ = std::exchange(other.begin_, 0);
    end_ = std::exchange(other.end_, 0);
    return *this;
  }
  ~byte_buffer() = default;

  [[nodiscard]] std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] bool is_empty() const { return begin_ == end_; }
  /// Bytes of memory held.
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  /// Free space behind the content, at least `least` bytes. Moves the content: views of it end here.
  [[nodiscard]] std::span<char> room(std::size_t least);
  /// The first `count` bytes of `room` were written.
  void commit(std::size_t count) { end_ += count; }
  /// Drops bytes from the front; the rest stays where it is.
  void consume(std::size_t count);
  /// Zeros behind the content, when nothing else is there.
  void pad_with_zeros();

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

class buffer_pool {
 public:
  /// Memory that the pool keeps for later; more is freed when it is given back.
  static constexpr std::size_t kept = std::size_t{1024} * 1024;

  /// A buffer without content: the one given back last, or a new one.
  [[nodiscard]] byte_buffer take();
  void give_back(byte_buffer b);

  [[nodiscard]] std::size_t held() const { return held_; }

 private:
  std::vector<byte_buffer> free_;
  std::size_t held_ = 0;
};

}  // namespace pinhook::server
