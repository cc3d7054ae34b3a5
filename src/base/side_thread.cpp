#include <pinhook/base/side_thread.hpp>

#include <pinhook/base/blocked_signals.hpp>
#include <pinhook/base/file.hpp>
#include <pinhook/base/thread_crossing.hpp>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace pinhook {
namespace {

std::atomic<std::size_t> running{0};
std::atomic<std::size_t> reading{0};

// False: the system cannot start a thread.
bool start(std::function<void()> work, std::function<void()> done) {
  ++running;
  try {
    const blocked_signals guard;
    std::thread([work = std::move(work), done = std::move(done)]() mutable {
      work();
      // The work's objects are destroyed before its end is reported.
      work = nullptr;
      done();
      done = nullptr;
      --running;
    }).detach();
    return true;
  } catch (const std::system_error&) {
    --running;
    return false;
  }
}

}  // namespace

std::size_t side_threads() { return running.load(); }

awaitable<bool> run_aside(std::function<void()> work, std::chrono::nanoseconds limit,
                          std::function<void(bool)> on_late) {
  asio::any_io_executor home = co_await asio::this_coro::executor;
  thread_crossing crossing(std::move(home));
  if (!start(std::move(work), crossing.arrival())) co_return false;
  const auto in_time = co_await crossing.wait_for(limit);
  if (in_time != crossing_end::late) co_return in_time == crossing_end::arrived;
  on_late(true);
  const bool has_come = co_await crossing.wait();
  if (has_come) on_late(false);
  co_return has_come;
}

awaitable<result<secret>> read_file_aside(std::string file, std::size_t limit, std::chrono::nanoseconds within) {
  if (reading.load() >= most_stuck_reads)
    co_return fail(error_code::unavailable,
                   fmt::format("cannot read {}: {} reads of files have not come back; the volume that they are on may "
                               "hang",
                               file, most_stuck_reads));
  asio::any_io_executor home = co_await asio::this_coro::executor;
  thread_crossing crossing(std::move(home));
  const auto text = std::make_shared<result<secret>>(fail(error_code::internal, "not read"));
  ++reading;
  std::function<void()> work = [text, file, limit] {
    *text = read_file(file, limit);
    --reading;
  };
  if (!start(std::move(work), crossing.arrival())) {
    --reading;
    co_return fail(error_code::unavailable, fmt::format("cannot read {}: no thread can be started", file));
  }
  const std::chrono::nanoseconds most = std::min<std::chrono::nanoseconds>(within, read_limit);
  const auto in_time = co_await crossing.wait_for(most);
  if (in_time == crossing_end::arrived) co_return std::move(*text);
  if (in_time == crossing_end::canceled)
    co_return fail(error_code::canceled, fmt::format("reading {} was canceled", file));
  co_return fail(error_code::timed_out,
                 fmt::format("cannot read {}: no answer within {:.1f} s; the volume that it is on may hang", file,
                             std::chrono::duration<double>(most).count()));
}

bool run_within(std::function<void()> work, std::chrono::nanoseconds limit) {
  struct shared {
    std::mutex guard;
    std::condition_variable changed;
    bool is_done = false;
  };
  const auto s = std::make_shared<shared>();
  const bool has_started = start(std::move(work), [s] {
    const std::lock_guard lock(s->guard);
    s->is_done = true;
    s->changed.notify_one();
  });
  if (!has_started) return false;
  std::unique_lock lock(s->guard);
  return s->changed.wait_for(lock, limit, [&] { return s->is_done; });
}

}  // namespace pinhook
