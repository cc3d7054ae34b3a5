#include <pinhook/base/log_queue.hpp>

#include <pinhook/base/blocked_signals.hpp>

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>
#include <utility>

namespace pinhook::log {
namespace {

using std::chrono::milliseconds;

// Between two writes while lines come. Longer: fewer writes, and more is lost with a process that is killed.
constexpr milliseconds gathered{1};
// Looks without a line, until the thread sleeps.
constexpr int looks = 10;
// For the lines before std::terminate: a reader that has stopped must not keep a broken process alive.
constexpr milliseconds last_wait{1000};

struct shared {
  std::mutex guard;
  std::condition_variable more;     // for the writer
  std::condition_variable changed;  // for those who wait for room or for the last line
  std::string waiting;
  int to = STDERR_FILENO;
  line_queue_options options;
  std::uint64_t generation = 0;  // of the queue; a writer that its queue left behind ends
  int is_waited_for = 0;         // by so many
  std::atomic<std::size_t> dropped = 0;
  std::atomic<bool> is_stuck = false;  // the reader took nothing for `patience`
  bool is_open = false;
  bool is_asleep = false;
  bool is_writing = false;
  bool ends = false;
  std::atomic<std::thread::id> writer;
  std::terminate_handler before = nullptr;
};

// Never destroyed: a thread that outlives `main` may log.
shared& the_queue() {
  static auto* const one = new shared;
  return *one;
}

void write_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(to, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      pollfd one{to, POLLOUT, 0};
      static_cast<void>(::poll(&one, 1, -1));
    } else if (errno != EINTR) {
      return;
    }
  }
}

void keep_writing(std::uint64_t generation) {
  shared& q = the_queue();
  std::string lines;
  std::unique_lock lock(q.guard);
  const auto is_urgent = [&] { return q.ends || q.is_waited_for != 0; };
  for (int empty = 0; q.generation == generation;) {
    if (q.waiting.empty()) {
      if (q.ends) break;
      if (++empty <= looks) {
        q.more.wait_for(lock, gathered, is_urgent);
        if (q.waiting.empty()) q.changed.notify_all();
        continue;
      }
      q.is_asleep = true;
      q.more.wait(lock, [&] { return q.ends || !q.waiting.empty(); });
      q.is_asleep = false;
      continue;
    }
    empty = 0;
    std::swap(lines, q.waiting);
    const int to = q.to;
    q.is_writing = true;
    lock.unlock();
    write_all(to, lines);
    lines.clear();
    lock.lock();
    if (q.generation != generation) return;
    q.is_stuck = false;
    q.is_writing = false;
    q.changed.notify_all();
    if (q.waiting.size() < q.options.most) q.more.wait_for(lock, gathered, is_urgent);
  }
  if (q.generation != generation) return;
  q.is_open = false;
  q.changed.notify_all();
}

[[noreturn]] void end_with_all_lines() {
  line_queue::flush(last_wait);
  const auto before = the_queue().before;
  if (before != nullptr) before();
  std::abort();
}

}  // namespace

line_queue::line_queue(int to, line_queue_options options) {
  shared& q = the_queue();
  const blocked_signals guard;
  const std::lock_guard lock(q.guard);
  q.to = to;
  q.options = options;
  q.ends = q.is_writing = q.is_asleep = false;
  q.is_stuck = false;
  q.waiting.clear();
  writer_ = std::thread(keep_writing, ++q.generation);
  q.writer = writer_.get_id();
  q.is_open = true;
  q.before = std::set_terminate(end_with_all_lines);
}

line_queue::~line_queue() {
  shared& q = the_queue();
  std::unique_lock lock(q.guard);
  q.ends = true;
  q.more.notify_one();
  const bool has_ended = q.changed.wait_for(lock, q.options.last, [&] { return !q.is_open; });
  lock.unlock();
  // One that waits for the reader ends with the process; what others log until then nobody would read.
  if (has_ended)
    writer_.join();
  else
    writer_.detach();
  std::set_terminate(q.before);
}

bool line_queue::put(std::string_view line) {
  shared& q = the_queue();
  std::unique_lock lock(q.guard);
  if (!q.is_open) return false;
  if (q.waiting.size() >= q.options.most) {
    ++q.is_waited_for;
    q.more.notify_one();
    const auto patience = q.is_stuck ? milliseconds(0) : q.options.patience;
    const bool has_room =
        q.changed.wait_for(lock, patience, [&] { return q.waiting.size() < q.options.most || !q.is_open; });
    --q.is_waited_for;
    if (!q.is_open) return false;
    if (!has_room) {
      q.is_stuck = true;
      ++q.dropped;
      return true;
    }
  }
  q.waiting += line;
  const bool is_asleep = std::exchange(q.is_asleep, false);
  lock.unlock();
  if (is_asleep) q.more.notify_one();
  return true;
}

std::size_t line_queue::take_dropped() {
  shared& q = the_queue();
  return q.dropped.load(std::memory_order_relaxed) == 0 || q.is_stuck ? 0 : q.dropped.exchange(0);
}

void line_queue::flush(milliseconds within) {
  shared& q = the_queue();
  if (std::this_thread::get_id() == q.writer) return;
  const auto until = std::chrono::steady_clock::now() + within;
  std::unique_lock lock(q.guard, std::try_to_lock);
  // The thread that is broken may hold it.
  for (; !lock.owns_lock() && std::chrono::steady_clock::now() < until; static_cast<void>(lock.try_lock()))
    std::this_thread::sleep_for(gathered);
  if (!lock.owns_lock() || !q.is_open) return;
  ++q.is_waited_for;
  q.more.notify_one();
  q.changed.wait_until(lock, until, [&] { return (q.waiting.empty() && !q.is_writing) || !q.is_open; });
  --q.is_waited_for;
}

}  // namespace pinhook::log
