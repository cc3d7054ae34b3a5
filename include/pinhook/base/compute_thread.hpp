// Long computations on a thread of their own, so that a thread that serves many is not blocked by one of them.
//
//   compute_thread aside("large");
//   result<plan> made = …;
//   std::function<void()> work = [&] { made = plan_of(text); };
//   auto done = co_await aside.run_by("shop", std::move(work), d);     // an error: it has not run and never will
//
// They run one after the other, in turns between accounts: an account with many waits behind its own. The thread has a
// lower priority than those that serve.
//
// Thread rule: any thread may call; the work runs on another, and `run` completes on the caller's executor. The object
// outlives the calls, and its destruction ends them: work that still waits is not run.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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

  /// Tasks of `run_by` that wait at most. One of 1,000 images takes some 2 ms, so that the last of 256 waits half a
  /// second, less than the time that API servers give.
  static constexpr std::size_t most_waiting = 256;

  /// Runs `work`, unless `until` passes on the steady clock before its turn comes: timed_out, then at once.
  /// unavailable: the line is full. Then the account with the most tasks loses its newest, unless the newcomer's has as
  /// many. canceled: as `run`.
  awaitable<result<void>> run_by(std::string account, std::function<void()> work, deadline until);

  /// The same without a limit, for the follow-up of work that was admitted; a caller has one at a time.
  /// True: `work` has run. False: it never will, since the wait for its turn was canceled. Work that has begun is
  /// waited for even then, so it may refer to what the caller owns. Its exceptions are thrown here.
  awaitable<bool> run(std::string account, std::function<void()> work);

  /// The number of tasks that wait for their turn.
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct line;
  enum class end_of_run : std::uint8_t;
  awaitable<end_of_run> enter(std::string account, std::function<void()> work, std::optional<deadline> until);
  std::shared_ptr<line> line_;
};

}  // namespace pinhook
