// Watches the files that a process depends on by polling: it returns their content when it has changed and then stayed
// the same for a moment, and no read delays anything else.
//
//   file_watch watch(io.get_executor(), look_at({{"/etc/pinhook/pinhook.yaml", limit}}), mark_in_use, on_stall);
//   for (;;) {
//     auto found = co_await watch.next();               // after every poll
//     if (found) use(std::move(*found));
//   }
//
// Contents are compared, not times or names: the kubelet changes a mounted ConfigMap by a symbolic link (and never
// changes one that is mounted by subPath).
//
// Thread rule: the thread of the executor; the read itself runs on another (base/side_thread).
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

/// The content of some files at one poll.
struct file_contents {
  /// In the order of the files; meaningless when there is a problem.
  std::vector<secret> texts;
  /// The error of a file that cannot be read.
  std::optional<error> problem;
  /// Equal contents have equal marks: the keyed_hash of each text, concatenated. The mark of a problem is its message.
  std::string mark;
};

/// Reads the files now. Blocks.
[[nodiscard]] file_contents read_files(const std::vector<watched_file>& files);

/// The same for the start of a program: a hanging file becomes a problem after `limit`, timed_out.
[[nodiscard]] file_contents read_files_in_time(const std::vector<watched_file>& files,
                                               std::chrono::nanoseconds limit = read_limit);

/// A function that calls read_files.
[[nodiscard]] std::function<file_contents()> look_at(std::vector<watched_file> files);

/// Decides when a new content is accepted: when it differs from the accepted one and was seen twice in a row. A process
/// that writes in place, or writes two files that belong together, may be in the middle of it.
class content_change {
 public:
  enum class step : std::uint8_t { same, unsettled, settled };
  explicit content_change(std::string accepted = {}) : accepted_(std::move(accepted)) {}

  /// Reports the mark of a poll. `at_once`: it counts as settled.
  step observe(const std::string& mark, bool at_once = false);
  [[nodiscard]] bool is_unsettled() const { return !pending_.empty(); }

 private:
  std::string accepted_;
  std::string pending_;
};

/// Waits between two polls; the wait can be cut short.
class poll_timer {
 public:
  explicit poll_timer(const asio::any_io_executor& on) : timer_(on) {}
  /// True: `hurry` ended it.
  awaitable<bool> wait(std::chrono::nanoseconds span);
  /// Ends the wait under way, or the next one, at once.
  void hurry();

 private:
  asio::steady_timer timer_;
  bool is_hurried_ = false;
};

struct file_watch_options {
  /// The time between two polls. The kubelet takes up to a minute to write a changed ConfigMap or Secret anyway.
  std::chrono::nanoseconds poll = std::chrono::seconds(5);
  /// The time for which a content must stay the same before it counts.
  std::chrono::nanoseconds settle = std::chrono::seconds(1);
  /// The time after which a read counts as stuck.
  std::chrono::nanoseconds limit = read_limit;
};

class file_watch {
 public:
  /// `mark`: of the content in use. `on_stall`: called when a read has not returned within the limit (true), and when
  /// it has after all (false).
  file_watch(const asio::any_io_executor& on, std::function<file_contents()> look, std::string mark,
             std::function<void(bool)> on_stall, file_watch_options options = {});

  /// Waits for the next poll and reads. No value: the content has not changed, or has not settled yet.
  awaitable<std::optional<file_contents>> next();

  /// Polls now, and the content counts without settling.
  void hurry() { timer_.hurry(); }

 private:
  const std::function<file_contents()> look_;
  const std::function<void(bool)> on_stall_;
  const file_watch_options options_;
  content_change change_;
  poll_timer timer_;
};

}  // namespace pinhook
