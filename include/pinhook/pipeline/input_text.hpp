// The bytes of a file or of standard input, within yaml::source_limits.
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace pinhook::pipeline {

/// A whole file. Errors: not_found, denied, unavailable; invalid_input: more than yaml::source_limits allow. The
/// message does not name the file.
[[nodiscard]] result<std::string> read_input_text(const std::string& path);

/// Whether standard input may be a terminal: after an explicit "-" the person types the input.
enum class terminal : std::uint8_t { refused, allowed };

/// All of standard input. denied, unavailable: it cannot be read; invalid_input: more than yaml::source_limits allow,
/// or it is a terminal and must not be one.
[[nodiscard]] result<std::string> read_standard_input(terminal from = terminal::refused);

/// As string_view::contains, and far faster, for words that are sought in the texts of all files of a run.
[[nodiscard]] bool text_holds(std::string_view text, std::string_view word);

}  // namespace pinhook::pipeline
