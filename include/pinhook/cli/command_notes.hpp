// The end of each help text: notes, examples, exit codes.
//
// Pure; any thread.
#pragma once

#include <pinhook/cli/arguments.hpp>

#include <string>

namespace pinhook::cli {

[[nodiscard]] std::string program_notes();

/// Lines that begin with "  pinhook" or hold " | pinhook" are examples: each is a command line that parses.
[[nodiscard]] std::string notes_of(cli::command command);

}  // namespace pinhook::cli
