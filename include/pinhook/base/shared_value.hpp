// A value that many threads read while another replaces it whole, such as the image rules at a reload.
//
//   shared_value<const rulebook> book(first);
//   book.store(next);                // any thread; a reader that has loaded `first` keeps it
//   const auto now = book.load();    // any thread
//
// std::atomic<std::shared_ptr> would do the same, but libstdc++ 12's has a data race, which ThreadSanitizer reports:
// its load lets go of the pointer's lock with memory_order_relaxed (bits/shared_ptr_atomic.h, _Sp_atomic::load).
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace pinhook {

template <class T>
class shared_value {
 public:
  /// Null until `store`.
  shared_value() = default;
  explicit shared_value(std::shared_ptr<T> value) : value_(std::move(value)) {}

  [[nodiscard]] std::shared_ptr<T> load() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  void store(std::shared_ptr<T> value) {
    // The replaced value is destroyed in `value`, without the lock: its destructor may take long.
    const std::lock_guard lock(mutex_);
    value_.swap(value);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<T> value_;
};

}  // namespace pinhook
