// Worker threads take no signals, so that these reach the thread that waits for them.
//
//   const blocked_signals guard;
//   std::thread worker(…);
//
// Thread rule: the thread that starts others.
#pragma once

#include <pthread.h>

#include <csignal>

namespace pinhook {

/// While it lives, threads started here block every signal.
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

 private:
  sigset_t before_{};
};

}  // namespace pinhook
