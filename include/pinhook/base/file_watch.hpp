// Files that a process serves by, looked at again and again: what they hold is given when it is another content than
// before, has stayed the same for a moment, and no look keeps anything else waiting.
//
//   file_watch watch(io.get_executor(), look_at({{"/etc/pinhook/pinhook.yaml", limit}}), mark_in_use, on_stall);
//   for (;;) {
//     auto found = co_await watch.next();               // after every look
//     if (found) use(std::move(*found));
//   }
//
// Contents are compared, not times or names: the kubelet changes a mounted ConfigMap by a symbolic link (and never one
// that is mounted by subPath).
//
// Thread rule: the thread of the executor; the look itself runs on another (base/side_thread).
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/base/side_thread.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pinhook {

struct watched_file {
  std::string path;
  std::size_t limit = 0;
};

/// What some files held at one look.
struct file_contents {
  /// In the order of the files; meaningless when there is a problem.
  std::vector<secret> texts;
  /// Why one of them cannot be read.
  std::optional<error> problem;
  /// Equal contents have equal marks: the keyed_hash of each text, one behind the other. A problem is a content, too:
  /// its message.
  std::string mark;
};

/// Reads them now. Blocks.
[[nodiscard]] file_contents read_files(const std::vector<watched_file>& files);

/// The same for the start of a program: a file that hangs is a problem after `limit`, timed_out.
[[nodiscard]] file_contents read_files_in_time(const std::vector<watched_file>& files,
                                               std::chrono::nanoseconds limit = read_limit);

/// read_files, to be called as often as wanted.
[[nodiscard]] std::function<file_contents()> look_at(std::vector<watched_file> files);

/// Whether what was seen is to be taken: when it is not what was taken last, and was seen twice in a row. Who writes in
/// place, or writes two files that belong together, may be in the middle of it.
class content_change {
 public:
  enum class step : std::uint8_t { same, unsettled, settled };
  explicit content_change(std::string taken = {}) : taken_(std::move(taken)) {}

  /// `at_once`: it counts as settled.
  step saw(const std::string& mark, bool at_once = false);
  [[nodiscard]] bool is_unsettled() const { return !pending_.empty(); }

 private:
  std::string taken_;
  std::string pending_;
};

/// Waits between two looks, and may be told not to.
class poll_timer {
 public:
  explicit poll_timer(const asio::any_io_executor& on) : timer_(on) {}
  /// True: it was hurried.
  awaitable<bool> wait(std::chrono::nanoseconds span);
  /// The wait under way, or the next one, ends at once.
  void hurry();

 private:
  asio::steady_timer timer_;
  bool is_hurried_ = false;
};

struct file_watch_options {
  /// Between two looks. The kubelet takes up to a minute to write a changed ConfigMap or Secret anyway.
  std::chrono::nanoseconds poll = std::chrono::seconds(5);
  /// For how long a content has to stay before it counts.
  std::chrono::nanoseconds settle = std::chrono::seconds(1);
  /// After which a look counts as stuck.
  std::chrono::nanoseconds limit = read_limit;
};

class file_watch {
 public:
  /// `mark`: of what is in use. `on_stall`: a look has not come back within the limit (true), and has after all
  /// (false).
  file_watch(const asio::any_io_executor& on, std::function<file_contents()> look, std::string mark,
             std::function<void(bool)> on_stall, file_watch_options options = {});

  /// Waits for the time of the next look, and looks. Nothing: it is what was given last, or has not settled yet.
  awaitable<std::optional<file_contents>> next();

  /// The next look is now, and what it finds counts without settling.
  void hurry() { timer_.hurry(); }

 private:
  const std::function<file_contents()> look_;
  const std::function<void(bool)> on_stall_;
  const file_watch_options options_;
  content_change change_;
  poll_timer timer_;
};

}  // namespace pinhook
