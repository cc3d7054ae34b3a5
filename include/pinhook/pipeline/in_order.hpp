// Independent pieces of work on several threads, whose results come one after the other in their order.
//
//   in_order<input> work({.count = paths.size(), .threads = 4}, [&](std::size_t i) { return read(paths[i]); });
//   work.run([&](input one) { … });
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace pinhook::pipeline {

/// Threads for this number of pieces that are files: fewer are done before a thread has begun.
[[nodiscard]] inline std::size_t threads_for(std::size_t files) {
  constexpr std::size_t fewest = 16;
  constexpr std::size_t most = 16;
  return files < fewest ? 1 : std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, most);
}

struct in_order_options {
  /// Pieces.
  std::size_t count = 0;
  /// Threads, that of the caller included; one: everything is done by the caller.
  std::size_t threads = 1;
  /// Results for each thread that may wait for their turn: they are what the work holds in memory.
  std::size_t ahead = 2;
};

template <class Result>
class in_order {
 public:
  /// `make` is called once for each index below the count, by any of the threads.
  in_order(const in_order_options& options, std::function<Result(std::size_t)> make)
      : count_(options.count), threads_(options.threads), make_(std::move(make)) {
    ready_.resize(std::max<std::size_t>(options.threads * options.ahead, 1));
  }

  /// Calls `take` with each result in the order of the indices, on the thread of the caller, and then returns.
  void run(const std::function<void(Result)>& take) {
    std::vector<std::jthread> workers;
    // Ends the workers before it joins them when something throws.
    const closer at_end{*this};
    for (std::size_t i = 1; i < threads_; ++i) workers.emplace_back([this] { work(); });
    for (std::size_t i = 0; i < count_; ++i) take(result_of(i));
    close();
    workers.clear();
  }

 private:
  struct closer {
    in_order& of;
    explicit closer(in_order& all) : of(all) {}
    closer(const closer&) = delete;
    closer& operator=(const closer&) = delete;
    ~closer() { of.close(); }
  };

  void close() {
    const std::lock_guard lock(mutex_);
    next_ = count_;
    changed_.notify_all();
  }

  [[nodiscard]] bool can_begin() const { return next_ < count_ && next_ < taken_ + ready_.size(); }

  // Makes the next piece. The lock is held before and after.
  void make_next(std::unique_lock<std::mutex>& lock) {
    const std::size_t mine = next_++;
    lock.unlock();
    Result made = make_(mine);
    lock.lock();
    ready_[mine % ready_.size()].emplace(std::move(made));
    changed_.notify_all();
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return can_begin() || next_ >= count_; });
      if (next_ >= count_) return;
      make_next(lock);
    }
  }

  // The caller makes pieces itself while it waits.
  Result result_of(std::size_t i) {
    std::unique_lock lock(mutex_);
    auto& mine = ready_[i % ready_.size()];
    while (!mine) {
      if (can_begin())
        make_next(lock);
      else
        changed_.wait(lock, [&] { return mine.has_value() || can_begin(); });
    }
    Result out = *std::exchange(mine, std::nullopt);
    taken_ = i + 1;
    changed_.notify_all();
    return out;
  }

  std::size_t count_;
  std::size_t threads_;
  std::function<Result(std::size_t)> make_;
  std::mutex mutex_;
  std::condition_variable changed_;
  /// The next piece that nobody has begun; those before `taken_` were handed over.
  std::size_t next_ = 0;
  std::size_t taken_ = 0;
  /// By the index, modulo its size.
  std::vector<std::optional<Result>> ready_;
};

}  // namespace pinhook::pipeline
