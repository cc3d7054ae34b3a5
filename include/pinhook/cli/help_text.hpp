// Help, made from the declaration of the command line and wrapped at a width.
//
//   fmt::print("{}", help_text(describe_command_line(), "pin", 80));
//
// Pure; any thread.
#pragma once

#include <pinhook/cli/command_line.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {

/// The help of a command; of the program for an empty name, or one that is not declared.
[[nodiscard]] std::string help_text(const std::vector<described_command>& commands, std::string_view name,
                                    std::size_t width);

/// "pinhook check [OPTIONS] [PATH...]"
[[nodiscard]] std::string usage_of(const described_command& c);

/// An option as help spells it, with its value: "-o, --output table|json"; of a word its placeholder: "PATH...".
[[nodiscard]] std::string spelled(const described_option& o);

/// The purpose of an option or a word, with the fixed values of a word.
[[nodiscard]] std::string explained(const described_option& o);

/// A line of notes that is an example, as its command and its description (which may be empty).
struct example {
  std::string_view command;
  std::string_view description;
};
/// None for a line that is a sentence. Lines that begin with blanks are examples.
[[nodiscard]] std::optional<example> example_of(std::string_view line);

}  // namespace pinhook::cli
