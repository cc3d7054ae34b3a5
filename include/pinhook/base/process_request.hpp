// A program to be run and what it gave back.
//
// Plain values; any thread.
#pragma once

#include <pinhook/base/secret.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace pinhook {

struct process_request {
  /// The program and its arguments. A program without '/' is looked for in PATH.
  std::vector<std::string> argv;
  /// What the program reads from its standard input.
  secret input;
  /// "NAME=value": added to this process's environment, or in place of what has the same name there.
  std::vector<std::string> environment;
  /// Bytes of standard output, and as many of standard error. A program that writes more is killed: what we run answers
  /// in a few hundred bytes.
  std::size_t output_limit = std::size_t{64} * 1024;
};

struct process_output {
  /// As a shell has it: 128 + n when signal n ended the program.
  int exit_code = 0;
  /// A secret, since credential helpers answer with one.
  secret output;
  secret errors;
};

}  // namespace pinhook
