// A program run to its end: its standard input, its output and its exit code.
//
//   const auto r = run_command({.command = {"kubectl", "apply", "-f", "-"}, .input = yaml});
//   EXPECT_EQ(r.exit_code, 0) << r;
//
// Any thread. Blocks until the end, at most for the limit; then it is killed and the exit code is 124, as timeout(1)'s.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::e2e {

struct command_options {
  /// The program and its arguments; looked up in PATH.
  std::vector<std::string> command;
  std::string input{};
  /// Added to the environment of the test.
  std::vector<std::pair<std::string, std::string>> environment{};
  std::chrono::seconds limit{60};
};

struct command_result {
  int exit_code = -1;
  std::string output;
  std::string errors;
};

[[nodiscard]] command_result run_command(const command_options& o);

/// For the message of an assertion that fails.
std::ostream& operator<<(std::ostream& out, const command_result& r);

}  // namespace pinhook::e2e
