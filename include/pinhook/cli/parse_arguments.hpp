// Reads a command line.
//
//   auto parsed = parse_arguments({"serve", "--threads", "2"});
//
// Pure: does not print and does not exit.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/cli/arguments.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::cli {

/// `words` is the command line without the program's name. invalid_input: one line with the problem and the
/// command that shows help.
[[nodiscard]] result<arguments> parse_arguments(const std::vector<std::string>& words);

}  // namespace pinhook::cli
