// Completion scripts, with which a shell completes `pinhook` lines; made from the declaration of the command line.
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

/// The script: self-contained, needs no other completion package, does not run `pinhook`. It completes commands,
/// options and fixed values, and files where a file or a path is expected.
[[nodiscard]] std::string completion_script(completion_shell shell, const std::vector<described_command>& commands);

}  // namespace pinhook::cli
