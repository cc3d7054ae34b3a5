// Long computations on a thread of their own, so that a thread that serves many does not stand still for one of them.
//
//   compute_thread aside("large");
//   result<plan> made = …;
//   std::function<void()> work = [&] { made = plan_of(text); };
//   if (!co_await aside.run("shop", std::move(work))) …     // canceled: it has not run and never will
//
// One after the other, in turns between accounts: who brings many waits behind his own. The thread has a lower priority
// than those that serve. There is no limit of its own on how many wait: whoever asks waits for the answer, so there are
// as many as callers.
//
// Thread rule: any thread may call; the work runs on another, and `run` completes on the caller's executor. The object
// outlives the calls, and its destruction ends them: what waits is not run.
#pragma once

#include <pinhook/base/async.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace pinhook {

class compute_thread {
 public:
  /// `name`: of the thread, 15 bytes of it.
  explicit compute_thread(std::string_view name);
  compute_thread(const compute_thread&) = delete;
  compute_thread& operator=(const compute_thread&) = delete;
  ~compute_thread();

  /// True: `work` has run. False: it never will, since the wait for its turn was canceled. Work that has begun is
  /// waited for even then, so it may refer to what the caller owns. What it throws is thrown here.
  awaitable<bool> run(std::string account, std::function<void()> work);

  /// How many wait for their turn.
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct line;
  std::shared_ptr<line> line_;
};

}  // namespace pinhook
