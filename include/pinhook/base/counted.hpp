// Counts an operation while it is under way, however it ends.
//
//   const counted one(running);   // ++running here, --running at the end of the scope or of the coroutine
#pragma once

#include <cstddef>

namespace pinhook {

/// `count` must outlive it.
class counted {
 public:
  explicit counted(std::size_t& count) : count_(++count) {}
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { --count_; }

 private:
  std::size_t& count_;
};

}  // namespace pinhook
