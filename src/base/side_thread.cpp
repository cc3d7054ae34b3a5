#include <pinhook/base/side_thread.hpp>

#include <pinhook/base/blocked_signals.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/file.hpp>
#include <pinhook/base/thread_crossing.hpp>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace pinhook {
namespace {

std::atomic<std::size_t> running{0};

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

// One call of read_aside.
struct side_read {
  enum class state : std::uint8_t { waits, has_place, reads, over };
  state now = state::waits;
  steady_time begun;
  /// Its caller has gone.
  bool is_left = false;
  std::function<void()> on_place;
};

// The reads under way and those that wait for a place. Places are handed on, so the read that has waited longest is
// next.
class side_reads {
 public:
  using pointer = std::shared_ptr<side_read>;

  // False: all places belong to reads that were left behind, so that none can be expected to come free.
  bool enter(const pointer& one, std::function<void()> on_place) {
    const std::lock_guard lock(guard_);
    if (placed_.size() < most_stuck_reads) {
      one->now = side_read::state::has_place;
      placed_.push_back(one);
      return true;
    }
    if (std::ranges::all_of(placed_, [](const pointer& p) { return p->is_left; })) return false;
    one->on_place = std::move(on_place);
    line_.push_back(one);
    return true;
  }
  [[nodiscard]] bool has_place(const pointer& one) {
    const std::lock_guard lock(guard_);
    return one->now == side_read::state::has_place;
  }
  void begin(const pointer& one) {
    const std::lock_guard lock(guard_);
    one->begun = std::chrono::steady_clock::now();
    one->now = side_read::state::reads;
  }
  void finish(const pointer& one) {
    const std::lock_guard lock(guard_);
    give_back(one);
  }
  // The caller goes, whatever became of its read.
  void leave(const pointer& one) {
    const std::lock_guard lock(guard_);
    one->is_left = true;
    if (one->now == side_read::state::waits) std::erase(line_, one);
    if (one->now == side_read::state::has_place) give_back(one);
  }
  [[nodiscard]] std::size_t overdue(steady_time now) {
    const std::lock_guard lock(guard_);
    return static_cast<std::size_t>(std::ranges::count_if(
        placed_, [&](const pointer& p) { return p->now == side_read::state::reads && now - p->begun >= read_limit; }));
  }

 private:
  void give_back(const pointer& one) {
    one->now = side_read::state::over;
    std::erase(placed_, one);
    if (line_.empty()) return;
    const pointer next = std::move(line_.front());
    line_.pop_front();
    next->now = side_read::state::has_place;
    placed_.push_back(next);
    std::exchange(next->on_place, nullptr)();
  }

  std::mutex guard_;
  std::vector<pointer> placed_;
  std::deque<pointer> line_;
};

side_reads& all_reads() {
  // It is never destroyed: a read that was left behind may return while the program ends.
  static auto* const all = new side_reads;  // NOLINT(cppcoreguidelines-owning-memory)
  return *all;
}

std::unexpected<error> not_in_time(const std::string& name, crossing_end end, std::chrono::nanoseconds limit) {
  if (end == crossing_end::canceled) return fail(error_code::canceled, fmt::format("reading {} was canceled", name));
  return std::unexpected(read_hangs(name, limit));
}

}  // namespace

error read_hangs(std::string_view name, std::chrono::nanoseconds limit) {
  return {error_code::timed_out,
          fmt::format("cannot read {}: no answer within {:.1f} s; the volume that it is on may hang", name,
                      std::chrono::duration<double>(limit).count()),
          std::nullopt};
}

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

std::size_t overdue_reads(steady_time now) { return all_reads().overdue(now); }

awaitable<result<void>> read_aside(std::string name, std::function<void()> read, std::chrono::nanoseconds within) {
  const std::chrono::nanoseconds most = std::min<std::chrono::nanoseconds>(within, read_limit);
  const deadline end = deadline::after(std::chrono::steady_clock::now(), most);
  asio::any_io_executor home = co_await asio::this_coro::executor;
  const auto mine = std::make_shared<side_read>();
  thread_crossing place(home);
  if (!all_reads().enter(mine, place.arrival()))
    co_return fail(error_code::unavailable,
                   fmt::format("cannot read {}: {} reads of files have not come back; the volume that they are on may "
                               "hang",
                               name, most_stuck_reads));
  const std::shared_ptr<void> leaving(nullptr, [mine](void*) { all_reads().leave(mine); });
  if (!all_reads().has_place(mine)) {
    const auto placed = co_await place.wait_for(most);
    if (placed != crossing_end::arrived) co_return not_in_time(name, placed, most);
  }
  thread_crossing crossing(std::move(home));
  all_reads().begin(mine);
  std::function<void()> work = [read = std::move(read), mine]() mutable {
    read();
    read = nullptr;
    all_reads().finish(mine);
  };
  if (!start(std::move(work), crossing.arrival())) {
    all_reads().finish(mine);
    co_return fail(error_code::unavailable, fmt::format("cannot read {}: no thread can be started", name));
  }
  const auto read_in_time = co_await crossing.wait_for(end.remaining(std::chrono::steady_clock::now()));
  if (read_in_time != crossing_end::arrived) co_return not_in_time(name, read_in_time, most);
  co_return result<void>{};
}

awaitable<result<secret>> read_file_aside(std::string file, std::size_t limit, std::chrono::nanoseconds within) {
  const auto text = std::make_shared<result<secret>>(fail(error_code::internal, "not read"));
  std::function<void()> read = [text, file, limit] { *text = read_file(file, limit); };
  auto done = co_await read_aside(std::move(file), std::move(read), within);
  if (!done) co_return fail(std::move(done.error()));
  co_return std::move(*text);
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
