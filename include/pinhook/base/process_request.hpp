// A program to run, and its output.
//
// Plain values; any thread.
#pragma once

#include <pinhook/base/secret.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace pinhook {

struct process_request {
  /// The program and its arguments. A program without '/' is searched in PATH.
  std::vector<std::string> argv;
  /// The program's standard input.
  secret input;
  /// "NAME=value": added to this process's environment, or replacing the variable of that name.
  std::vector<std::string> environment;
  /// Bytes of standard output, and as many of standard error. A program that writes more is killed: the expected
  /// answers have a few hundred bytes.
  std::size_t output_limit = std::size_t{64} * 1024;
};

struct process_output {
  /// As in a shell: 128 + n when signal n ended the program.
  int exit_code = 0;
  /// A secret, since credential helpers answer with one.
  secret output;
  secret errors;
};

}  // namespace pinhook
