// What stands at the end of each help text: examples, exit codes, what to know.
//
// Pure; any thread.
#pragma once

#include <pinhook/cli/arguments.hpp>

#include <string>

namespace pinhook::cli {

[[nodiscard]] std::string program_notes();

/// Lines that begin with "  pinhook" or hold " | pinhook" are examples: each is a command line that parses.
[[nodiscard]] std::string notes_of(command which);

}  // namespace pinhook::cli
