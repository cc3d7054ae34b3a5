// The number of things of a command that are done, told whenever one is, and by the clock, so that a slow registry is
// not silence.
//
//   told_count count(images.size(), tell);
//   co_await run_told(io.get_executor(), count, std::move(workers));   // each calls count.add() for one that is done
//
// Thread rule: one thread, that of the executor.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/wait_seams.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

namespace pinhook::access {

class told_count {
 public:
  using listener = std::function<void(std::size_t done, std::size_t total)>;

  /// Tells the start, unless there is nothing to do. `listener` may be null.
  told_count(std::size_t total, listener tell);

  /// One more is done.
  void add();
  void tell() const;
  [[nodiscard]] bool is_heard() const { return tell_ != nullptr; }
  [[nodiscard]] bool is_whole() const { return done_ >= total_; }

 private:
  std::size_t done_ = 0;
  std::size_t total_;
  listener tell_;
};

struct told_options {
  /// 0: not by the clock.
  std::chrono::nanoseconds every = std::chrono::seconds(1);
  std::function<awaitable<void>(std::chrono::nanoseconds)> sleep = sleep_on_timer;
};

/// Ends with the last of the workers.
awaitable<void> run_told(asio::io_context::executor_type on, const told_count& count,
                         std::vector<awaitable<void>> workers, told_options options = {});

}  // namespace pinhook::access
