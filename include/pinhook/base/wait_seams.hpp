// The waits between tries and their jitter, which tests replace.
//
//   co_await seams.sleep(wait_before(made, seams.random()));
//
// Thread rule: one thread at a time.
#pragma once

#include <pinhook/base/async.hpp>

#include <chrono>
#include <functional>

namespace pinhook {

/// Waits on a timer of the coroutine's executor; returns early, without an error, when it is canceled.
awaitable<void> sleep_on_timer(std::chrono::nanoseconds span);

/// Numbers in [0, 1), differently seeded in each process.
[[nodiscard]] std::function<double()> make_jitter();

struct wait_seams {
  std::function<awaitable<void>(std::chrono::nanoseconds)> sleep = sleep_on_timer;
  /// In [0, 1).
  std::function<double()> random = make_jitter();
};

}  // namespace pinhook
