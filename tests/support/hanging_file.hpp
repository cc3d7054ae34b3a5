// A file whose reader waits until the test lets it go, as on a volume that hangs.
#pragma once

#include <pinhook/base/side_thread.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <utility>

namespace pinhook::testing {

// A pipe: a read of it comes back when the other end is closed.
class hanging_file {
 public:
  hanging_file() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
  ~hanging_file() {
    release();
    while (side_threads() != 0) std::this_thread::yield();
    ::close(ends_[0]);
  }
  [[nodiscard]] std::string path() const { return fmt::format("/dev/fd/{}", ends_[0]); }
  void release() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

}  // namespace pinhook::testing
