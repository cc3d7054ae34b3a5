// The message about a word of the command line that is neither a command nor one of its options, with the word that was
// most likely meant.
//
// Pure; any thread.
#pragma once

#include <pinhook/cli/command_line.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {

/// `command`: the name of the command that was given; empty: none. "unknown command \"chekc\"; did you mean check?"
[[nodiscard]] std::string unknown_word(const std::vector<described_command>& commands, std::string_view command,
                                       std::string_view word);

/// "ACTION: updat not in {update}; did you mean update?", of CLI11's message about a value out of a list; another
/// message as it is.
[[nodiscard]] std::string unknown_value(std::string message);

/// The same for a command's name, as in `pinhook help NAME`.
[[nodiscard]] std::string unknown_command(const std::vector<described_command>& commands, std::string_view name);

}  // namespace pinhook::cli
