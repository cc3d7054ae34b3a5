// Completion scripts: what a shell needs to complete `pinhook` lines, made from the declarations of the command line.
//
//   fmt::print("{}", completion_script(completion_shell::bash, describe_command_line()));
//
// Pure; any thread.
#pragma once

#include <pinhook/cli/command_line.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {

enum class completion_shell : std::uint8_t { bash, zsh, fish };

/// "bash", "zsh", "fish".
[[nodiscard]] std::optional<completion_shell> parse_shell(std::string_view name);

/// The script: complete in itself, needs no other completion package, asks `pinhook` nothing. Commands, options and
/// fixed values are completed, and files where a file or a path may stand.
[[nodiscard]] std::string completion_script(completion_shell shell, const std::vector<described_command>& commands);

}  // namespace pinhook::cli
