// Worker threads take no signals, so that these reach the thread that waits for them. A command that writes files holds
// them back, too, so that it ends before the first or behind the last one.
//
//   const blocked_signals guard;
//   std::thread worker(…);
//
// Thread rule: the thread that starts others, or is alone: a signal to the process may reach another thread.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace pinhook {

/// While it lives, this thread and those started here block every signal. Those that came take effect afterwards.
class blocked_signals {
 public:
  blocked_signals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  blocked_signals(const blocked_signals&) = delete;
  blocked_signals& operator=(const blocked_signals&) = delete;
  ~blocked_signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  /// True when a signal by which people end a program has come.
  [[nodiscard]] static bool has_end_come() {
    constexpr std::array ending{SIGINT, SIGTERM, SIGHUP};
    sigset_t waiting;
    sigemptyset(&waiting);
    sigpending(&waiting);
    return std::ranges::any_of(ending, [&](int one) { return sigismember(&waiting, one) == 1; });
  }

 private:
  sigset_t before_{};
};

}  // namespace pinhook
