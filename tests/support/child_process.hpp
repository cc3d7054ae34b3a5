// A program run by a test as its child: started in the foreground, its output collected, ended by its pid.
//
// Public functions may be called from any thread.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace pinhook::testing {

struct child_options {
  /// The program and its arguments; the program is looked up in PATH and in /usr/sbin.
  std::vector<std::string> command;
  /// Added to the environment of the test.
  std::vector<std::pair<std::string, std::string>> environment;
  /// Descriptors of ours that the child gets as 3, 4, …
  std::vector<int> inherited;
  /// Killed when the thread that starts it ends, also by a crash of the test.
  bool ends_with_starter = false;
};

class child_process {
 public:
  /// Throws std::runtime_error when the program cannot be started; the message names it and `package`, the Debian
  /// package that holds it.
  child_process(const child_options& o, std::string_view package);
  /// SIGTERM, and waits for the end.
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Sends the signal and waits for the end: the exit code, or 128 + the signal that ended it. One thread at a time.
  int end(int signal);
  /// True while it runs; does not wait for the exit status.
  [[nodiscard]] bool is_running() const;
  /// Standard output and error so far.
  [[nodiscard]] std::string output() const;
  /// Waits for the first whole line with `text` in it; "" when the child ended before, or half a minute passed.
  [[nodiscard]] std::string wait_for_line(std::string_view text) const;

 private:
  void collect(int fd);
  pid_t pid_ = -1;
  int exit_code_ = -1;
  mutable std::mutex mutex_;
  mutable std::condition_variable more_;
  std::string output_;
  bool has_ended_ = false;
  std::thread reader_;
};

}  // namespace pinhook::testing
