// The built program as a child process: its lines are read, it is signalled by its id, its exit code is collected.
//
//   program p({"serve", "--config", file});
//   const std::string line = p.wait_for_error_line("listening");
//   p.send(SIGTERM);
//   EXPECT_EQ(p.wait(), 0) << p.errors();
//
// The child inherits the environment without any PINHOOK_ variable. Nothing waits for ever: after `patience` a wait
// fails the test and the child is killed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {

class program {
 public:
  static constexpr std::chrono::seconds patience{60};

  /// Starts it; `environment` holds "NAME=value".
  explicit program(std::vector<std::string> arguments, std::vector<std::string> environment = {});
  program(const program&) = delete;
  program& operator=(const program&) = delete;
  /// Kills it when it still runs.
  ~program();

  [[nodiscard]] pid_t id() const { return id_; }

  /// The first line of standard error, or of standard output, that was not given yet and holds `part`. A test failure
  /// and "" when the stream ends or patience does.
  std::string wait_for_error_line(std::string_view part);
  std::string wait_for_output_line(std::string_view part);

  void send(int signal) const;

  /// Waits for its end: the exit code, or 128 + the signal that ended it.
  int wait();

  /// Everything written so far that has been read; all of it after `wait`.
  [[nodiscard]] const std::string& output() const { return out_.text; }
  [[nodiscard]] const std::string& errors() const { return err_.text; }

 private:
  struct stream {
    int descriptor = -1;
    std::string text;
    std::size_t given = 0;
  };

  std::string wait_for_line(stream& from, std::string_view part);
  // Reads the available output of both streams; false when both have ended or the time is over.
  bool read_some(std::chrono::steady_clock::time_point until);

  pid_t id_ = -1;
  int exit_code_ = -1;
  bool has_ended_ = false;
  stream out_, err_;
};

/// Runs it to its end.
struct program_result {
  int exit_code = -1;
  std::string output;
  std::string errors;
};
[[nodiscard]] program_result run_program(std::vector<std::string> arguments, std::vector<std::string> environment = {});

}  // namespace pinhook::testing
