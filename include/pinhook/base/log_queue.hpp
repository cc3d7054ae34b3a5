// The lines of the log, written by a thread of their own: an answer does not wait for the reader of the log.
//
//   log::line_queue lines;          // from here on
//   …                               // at the end of the block all lines are written
//
// A write(2) to a pipe takes a tenth of the CPU time of a warm answer, most of it to wake the reader. Here the lines of
// a millisecond are one write. A thread that has had no line for ten of them sleeps, and the next line wakes it. (A
// queue that wakes its thread for each line takes half as much CPU time again as the writes: docs/performance.md.)
//
// Lines stay whole and in order. Where `most` bytes wait, those who log wait, too, but not longer than `patience`: a
// reader that has stopped must not stop admissions. From then on lines are dropped, and counted, until it reads again.
// All are written at the end, as far as the reader takes them, and before std::terminate ends the process; what kills
// it (SIGKILL) takes the lines of the last millisecond with it.
//
// Thread rule: one at a time, made and destroyed by one thread; the rest from any.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <string_view>
#include <thread>

namespace pinhook::log {

struct line_queue_options {
  /// Bytes that may wait, some 50 ms of the lines of a busy core.
  std::size_t most = std::size_t{1} << 20;
  /// For room, while the reader takes nothing. API servers wait 10 s for an answer.
  std::chrono::milliseconds patience{1'000};
  /// For the reader, at the end. A kubelet kills after 30 s.
  std::chrono::milliseconds last{5'000};
};

class line_queue {
 public:
  /// `to`: the descriptor that lines are written to; where it takes none (EPIPE and the like) they are dropped, for
  /// nobody can be told.
  explicit line_queue(int to = STDERR_FILENO, line_queue_options options = {});
  line_queue(const line_queue&) = delete;
  line_queue& operator=(const line_queue&) = delete;
  ~line_queue();

  /// False: there is no queue now, and the caller writes the line. A line ends with a line end.
  static bool put(std::string_view line);
  /// The lines that were dropped since the last call; 0 as long as lines are dropped.
  [[nodiscard]] static std::size_t take_dropped();
  /// Returns when all that was put before is written, or when the time is over. Does nothing without a queue.
  static void flush(std::chrono::milliseconds within);

 private:
  std::thread writer_;
};

}  // namespace pinhook::log
