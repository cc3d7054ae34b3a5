// The waits of the registry client and their jitter, which tests replace.
#pragma once

#include <pinhook/base/async.hpp>

#include <chrono>
#include <functional>

namespace pinhook::registry {

struct exchange_seams {
  /// Default: a timer on the coroutine's executor.
  std::function<awaitable<void>(std::chrono::nanoseconds)> sleep;
  /// In [0, 1).
  std::function<double()> random;
};

}  // namespace pinhook::registry
